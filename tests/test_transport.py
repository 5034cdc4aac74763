"""Files between stages that share no disk: a real S3 store, a cache, and what happens when either is not what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ntgate.base import Artifact
from ntgate.errors import DataError, StoreError
from ntgate.transport import cache, published


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"some weights")
    return Artifact.of(path)


def there(file: Artifact, store: str) -> Artifact:
    return file.model_copy(update={"path": published(Path(file.path), file.sha256, store)})


def test_a_file_is_fetched_by_content_on_another_machine(file, s3, tmp_path, monkeypatch):
    sent = there(file, s3.url("runs"))
    assert sent.path == s3.url(f"runs/{file.sha256[:2]}/{file.sha256}/weights.safetensors")
    Path(file.path).unlink()
    monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "elsewhere"))
    assert sent.verified().read_bytes() == b"some weights"
    assert cache() in sent.verified().parents
    s3.files.rm(sent.path)
    assert sent.verified().read_bytes() == b"some weights"  # it is there already


def test_a_changed_file_is_refused_by_name(file, s3, tmp_path, monkeypatch):
    sent = there(file, s3.url("runs"))
    with s3.files.open(sent.path, "wb") as changed:
        changed.write(b"other weights")
    monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(DataError, match=r"weights\.safetensors: expected sha256 .* the file was changed"):
        sent.verified()
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()]


def test_a_store_that_is_gone_is_said_to_be(file, s3, tmp_path, monkeypatch):
    sent = there(file, s3.url("runs"))
    s3.files.rm(s3.name, recursive=True)
    monkeypatch.setenv("NTGATE_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(StoreError, match="expected a file that an earlier stage wrote"):
        sent.verified()
    with pytest.raises(StoreError, match="expected a store that can be written"):
        there(Artifact.of(Path(file.path)), s3.url("runs"))
