"""The examples run as they stand, and end as they say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.checkout import ROOT


@pytest.mark.slow
def test_labels_come_in_until_they_decide(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "labels_as_they_come.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert lines[0].startswith("inconclusive - ")
    assert "The verdict is looked for after every label." in lines[1]
    assert all(": inconclusive - " in line and "Go on labelling" in line for line in lines[2:-1])
    assert ": promoted - " in lines[-1]
    assert "labels decide, stop labelling." in lines[-1]
