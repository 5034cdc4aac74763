"""The whole run under torchrun: process 0 decides, the other one trains along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ntgate.config_file import load
from ntgate.flow import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_two_processes_come_to_the_decision_of_one(project):
    config = project / "config.yaml"
    settings = yaml.safe_load(config.read_text())
    # Each process has random numbers of its own for dropout; without it the steps are the same.
    settings["model"]["backbone"]["dropout"] = 0.0
    settings["training"]["steps"] = 80
    # Two processes round otherwise than one: to the ledger these are other models, and a second look at the same rows.
    settings["gate"] = {"ledger": {"policy": "none"}}
    config.write_text(yaml.safe_dump(settings))
    alone = run(load(config), dry_run=True)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node=2",
            "-m",
            "ntgate",
            "run",
            str(config),
            "--inline",
            "--json",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    together = json.loads(done.stdout)  # one answer: the other process says nothing
    assert together["outcome"] == alone.outcome == "promoted"
    assert together["decision_id"] == alone.decision_id
    assert together["gain"] == pytest.approx(alone.gain, abs=0.005)
    for one, two in zip(alone.plan, together["plan"], strict=True):
        assert two["validation"] == pytest.approx(one.validation, abs=0.09)  # one of twelve rows
        assert two["trained"]
    assert together["registry"]["version"] == "1"
    assert len(list((project / "runs" / "reader").iterdir())) == 2  # the one alone, and these two together
