"""Processes that torchrun started take the same steps as one, end together, and fail together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, sys
from pathlib import Path
from ntgate.errors import ModelError
from ntgate.training.config import Mlp, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from ntgate.training.torchrun import in_step
from tests.training.toy import SPEC, accuracy, rows

folder, what = Path(sys.argv[1]), sys.argv[2]
CONFIG = TrainingConfig(steps=60, batch_size=16, evaluations=6, patience=2, learning_rate=1e-2, device="cpu")


def curve(labelled=None, metric=accuracy, config=CONFIG):
    network = build(SPEC.model_copy(update={"backbone": Mlp(hidden=(16,), dropout=0.0)}), 0)
    found = fit(
        Supervised(network), {"labelled": labelled or rows()}, rows(60, 1), metric=metric, config=config, steps=60, seed=0,
        checkpoint=folder / "checkpoint",
    )
    return [point.model_dump() for point in found.curve]


def leaves(labels, scores):
    raise KeyError("left")


def command():
    if what == "leaves":
        curve(metric=leaves)
    if what == "shares":
        try:
            curve(config=CONFIG.model_copy(update={"batch_size": 15}))
        except ModelError as error:
            (folder / "said").write_text(str(error))
        return 0
    try:
        curve(Rows(rows().x * float("nan"), rows().y))  # a failed arm; the next one is trained all the same
    except ModelError as error:
        (folder / "said").write_text(str(error))
    (folder / "curve").write_text(json.dumps([curve(), curve()]))  # the second resumes at the end of the first
    return 0


raise SystemExit(in_step(command))
"""


def torchrun(folder: Path, what: str, processes: int) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(SCRIPT)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc_per_node={processes}",
            str(folder / "script.py"),
            str(folder),
            what,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_two_processes_end_where_one_does(tmp_path):
    import json

    curves = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        done = torchrun(folder, "trains", processes)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "expected a finite loss" in (folder / "said").read_text()
        trained, resumed = json.loads((folder / "curve").read_text())
        assert trained == resumed
        curves.append(trained)
    assert len(curves[0]) == len(curves[1])
    for one, two in zip(*curves, strict=True):
        assert one == pytest.approx(two, abs=1e-5)


def test_a_training_that_process_0_leaves_ends_them_all(tmp_path):
    done = torchrun(tmp_path, "leaves", 2)
    assert done.returncode == 1
    assert "ProcessesLostError: process 0 left a training alone: KeyError: 'left'" in done.stderr


def test_a_batch_that_cannot_be_shared_is_refused_before_the_others_begin(tmp_path):
    done = torchrun(tmp_path, "shares", 2)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "got processes 1 and batch_size 15" in (tmp_path / "said").read_text()
