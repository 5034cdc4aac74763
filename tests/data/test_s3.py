"""Data on S3, against a real server."""

from __future__ import annotations

import json
import socket
import time
import urllib.request

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ntgate.cli.app import run
from ntgate.data import location
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError


def test_npz(s3, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(6).reshape(3, 2), y=np.array([1, 0, 1]))
    domain = read(SourceSpec(path=s3.put(tmp_path / "a.npz", "rows/a.npz")), "target")
    assert domain.rows.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert domain.y.tolist() == [1, 0, 1]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table(s3, tmp_path, ending):
    frame = pd.DataFrame({"n": [1.5, None, 3], "t": ["a", None, "c"], "label": ["u", "v", "u"]})
    file = tmp_path / f"rows.{ending}"
    frame.to_csv(file, index=False) if ending == "csv" else frame.to_parquet(file)
    here, there = (read(SourceSpec(path=path), "source") for path in (str(file), s3.put(file, f"deep/er/rows.{ending}")))
    pd.testing.assert_frame_equal(here.rows, there.rows)
    assert here.y.tolist() == there.y.tolist()


def test_images_by_folder_some_with_signs_of_a_pattern_in_their_names(s3, tmp_path):
    for i in range(40):
        folder = tmp_path / "images" / ("cat" if i % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 4, 3), 5 * i, np.uint8)).save(folder / f"{i:02}[1]*.png")
    here, there = (
        read(SourceSpec(path=path), "source") for path in (str(tmp_path / "images"), s3.put(tmp_path / "images", "images"))
    )
    assert np.array_equal(here.rows, there.rows)
    assert here.y.tolist() == there.y.tolist()


def test_what_was_written_a_moment_ago_is_read(s3, tmp_path):
    for rows in (2, 5):
        np.savez(tmp_path / "a.npz", x=np.zeros((rows, 2)), y=np.arange(rows) % 2)
        assert len(read(SourceSpec(path=s3.put(tmp_path / "a.npz", "a.npz")), "target")) == rows


def test_a_large_file_goes_through_the_disk(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(location, "_IN_MEMORY", 1000)
    monkeypatch.setattr(location, "_BLOCK", 4096)
    x = np.random.default_rng(0).normal(size=(3000, 5)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(3000) % 2)
    assert np.array_equal(read(SourceSpec(path=s3.put(tmp_path / "a.npz", "a.npz")), "target").rows, x)


def _told(path: str) -> str:
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        read(SourceSpec(path=path), "target")
    assert time.monotonic() - began < 30
    said = str(caught.value)
    assert "secret" not in said
    assert "\n" not in said
    assert caught.value.exit_code == 5
    return said


def test_no_bucket_and_no_object(s3):
    assert "s3://no-such-bucket-here/a.npz: expected a file or a folder" in _told("s3://no-such-bucket-here/a.npz")
    assert "got nothing there; check the path" in _told(s3.url("a.npz"))


def test_no_credentials(s3, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "expected credentials, got none that are complete; set AWS_ACCESS_KEY_ID" in _told(s3.url("a.npz"))


def test_refused_credentials(s3, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.array([1, 0, 1]))
    url = s3.put(tmp_path / "a.npz", "a.npz")
    try:
        _let_in_anybody(s3.endpoint, "0")
        assert "expected access, got access denied; check the credentials" in _told(url)
    finally:
        _let_in_anybody(s3.endpoint, "inf")
    assert len(read(SourceSpec(path=url), "target")) == 3


def _let_in_anybody(endpoint: str, requests: str) -> None:
    url, plain = f"{endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, requests.encode(), plain, method="POST"))


def test_no_server(s3, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://ann:secret@127.0.0.1:{free.getsockname()[1]}")
        said = _told(s3.url("a.npz"))
    assert "expected storage that answers, got no answer" in said
    assert "AWS_ENDPOINT_URL" in said


@pytest.mark.parametrize("given", ["key:secret@", "key:sec/secret@", "secret@"])
def test_credentials_in_a_uri_are_neither_used_nor_shown(given):
    assert "s3://***@bucket/a.npz: expected a URI without credentials" in _told(f"s3://{given}bucket/a.npz")


def test_validate_says_it_in_one_sentence(s3, project, capsys):
    code = run(["validate", str(project / "config.yaml"), "--json", "--set", f"data.target.path={s3.url('none.npz')}"])
    told = capsys.readouterr()
    assert code == 5
    assert "Traceback" not in told.err
    assert json.loads(told.out)["errors"][0]["got"] == "nothing there"
