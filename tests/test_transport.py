"""Files between stages that share no disk: a real S3 store, a cache, and what happens when either is not what it was."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ntgate.base import Artifact
from ntgate.errors import ConfigError, LostError, StoreError
from ntgate.stages.place import Place
from ntgate.transport import cache, check_reachable


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "models" / "weights.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"some weights")
    return Artifact.of(path)


def there(file: Artifact, store: str) -> Artifact:
    return Place(Path(file.path).parents[1], f"{store}/reader/now", store).published(file)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Be another machine from here on."""

    def move() -> Path:
        monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "elsewhere"))
        return tmp_path / "elsewhere"

    return move


def test_a_file_is_fetched_by_content_on_another_machine(file, s3, elsewhere):
    sent = there(file, s3.url("runs"))
    assert sent.path == s3.url(f"runs/{file.sha256[:2]}/{file.sha256}/weights.safetensors")
    Path(file.path).unlink()
    elsewhere()
    assert sent.verified().read_bytes() == b"some weights"
    assert cache() in sent.verified().parents
    s3.files.rm(sent.path)
    assert sent.verified().read_bytes() == b"some weights"  # it is there already


def test_content_that_lies_there_is_not_sent_again_but_a_page_is(file, s3, tmp_path):
    sent = there(file, s3.url("runs"))
    first = s3.files.info(sent.path)["LastModified"]
    page = tmp_path / "report.html"
    for text in ("one", "two"):
        page.write_text(text)
        told = (there(file, s3.url("runs")), Place(tmp_path, s3.url("runs/reader/now"), "s3://none").published(Artifact.of(page)))
    assert s3.files.info(sent.path)["LastModified"] == first
    assert told[1].path == s3.url("runs/reader/now/report.html")
    assert s3.files.cat_file(told[1].path) == b"two"


def test_a_changed_file_is_refused_by_name(file, s3, elsewhere):
    sent = there(file, s3.url("runs"))
    with s3.files.open(sent.path, "wb") as changed:
        changed.write(b"other weights")
    here = elsewhere()
    with pytest.raises(LostError, match=r"weights\.safetensors: expected sha256 .* the file was changed"):
        sent.verified()
    assert not [path for path in here.rglob("*") if path.is_file()]


def test_a_cache_that_was_changed_is_not_believed(file, s3):
    sent = there(file, s3.url("runs"))
    Path(file.path).write_bytes(b"other weights")  # another name of what is in the cache
    assert sent.verified().read_bytes() == b"some weights"


def test_a_store_that_is_gone_is_said_to_be(file, s3, elsewhere):
    sent = there(file, s3.url("runs"))
    s3.files.rm(s3.name, recursive=True)
    elsewhere()
    with pytest.raises(StoreError, match="expected a file that an earlier stage wrote"):
        sent.verified()
    with pytest.raises(StoreError, match="expected a store that can be written"):
        there(Artifact.of(Path(file.path)), s3.url("runs"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gopher://host/runs", "output: expected a folder, .* got gopher://host/runs: Protocol not known"),
        ("s3://key:secret@bucket/runs", r"without credentials, got s3://\*\*\*@bucket"),
    ],
)
def test_an_address_that_is_none(address, said):
    with pytest.raises(ConfigError, match=said):
        check_reachable(address)


def test_a_store_that_does_not_answer_is_told_within_a_minute(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "some")
    clients = pytest.importorskip("s3fs").S3FileSystem
    clients.clear_instance_cache()  # of the tests before, with their address
    began = time.monotonic()
    with pytest.raises(StoreError, match="expected a store that answers, got Could not connect"):
        check_reachable("s3://bucket/runs")
    clients.clear_instance_cache()
    assert time.monotonic() - began < 60
