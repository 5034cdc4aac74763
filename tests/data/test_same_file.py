"""Equal files are kept once."""

from __future__ import annotations

import os
import shutil

from ntgate.config_file import load
from ntgate.data.same_file import shared_with
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place


def test_only_equal_files_are_shared(tmp_path):
    one, equal, other = (tmp_path / name for name in ("one", "equal", "other"))
    for path, content in ((one, b"rows"), (equal, b"rows"), (other, b"more")):
        path.write_bytes(content)
    assert shared_with(equal, one)
    assert not shared_with(equal, one), "done already"
    assert not shared_with(other, one)
    assert not shared_with(other, tmp_path / "nothing")
    assert os.path.samefile(one, equal)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["equal", "one", "other"]
    one.unlink()
    assert equal.read_bytes() == b"rows"


def test_a_file_system_without_links_keeps_two_files(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    for name in ("one", "equal"):
        (tmp_path / name).write_bytes(b"rows")
    assert not shared_with(tmp_path / "equal", tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["equal", "one"]


def test_a_source_that_does_not_change_is_stored_once(project):
    config = load(project / "config.yaml")
    runs = [ingest(config, Place.of(config)) for _ in range(4)]  # several in one second, whose names follow no order
    first, second = runs[0], runs[-1]
    for part in first.parts:
        assert os.path.samefile(first.parts[part].path, second.parts[part].path)
    shutil.rmtree(first.directory)
    assert len(second.part("source")) == second.rows["source"]
    other = load(project / "config.yaml", ["seed=1"])
    changed = ingest(other, Place.of(other))
    assert os.path.samefile(changed.parts["source"].path, second.parts["source"].path)
    assert not os.path.samefile(changed.parts["train"].path, second.parts["train"].path)
