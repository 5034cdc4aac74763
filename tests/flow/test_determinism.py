"""The same inputs and seed give the same bytes in another process, with other threads, in other folders, from another checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import write_project

ROOT = Path(__file__).resolve().parents[2]


def decided(folder: Path, package: Path, digits, threads: int, **variables: str) -> tuple[bytes, dict[str, bytes], dict]:
    """What a run in a process of its own leaves: ``decision.json``, the exported models, and the answer."""
    folder.mkdir()
    write_project(folder, *digits)
    output = f"output={folder / ('runs' if threads == 1 else 'elsewhere/still')}"
    number = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    variables = (
        {name: value for name, value in os.environ.items() if name != "MKL_CBWR"} | {"MKL_CBWR": "AVX2,STRICT"} | number | variables
    )
    command = [sys.executable, "-m", "ntgate", "run", str(folder / "config.yaml"), "--inline", "--dry-run", "--json"]
    done = subprocess.run(
        [*command, "--set", output, "--set", "gate.seeds=2"],
        cwd=folder,
        env={**variables, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode in (0, 3, 4), done.stderr[-3000:]
    answer = json.loads(done.stdout)
    home = Path(answer["directory"])
    models = {file.name: file.read_bytes() for file in sorted(home.glob("*.onnx"))}
    return (home / "decision.json").read_bytes(), models, answer


@pytest.mark.slow
@pytest.mark.timeout(2500)
def test_nothing_of_the_machine_is_in_what_was_decided(tmp_path, digits):
    (tmp_path / "checkout").mkdir()
    shutil.copytree(ROOT / "ntgate", tmp_path / "checkout" / "ntgate", ignore=shutil.ignore_patterns("__pycache__"))
    decision, models, answer = decided(tmp_path / "here", ROOT, digits, 1, PYTHONHASHSEED="0")
    elsewhere = decided(tmp_path / "there", tmp_path / "checkout", digits, 2, PYTHONHASHSEED="7")
    assert models.keys() == {"candidate.onnx", "scratch.onnx"}
    assert models == elsewhere[1]
    assert decision == elsewhere[0]  # config, fingerprints, models, scores, findings
    for key in ("outcome", "decision_id", "sentence", "gain", "gain_interval", "p_value", "findings", "over_seeds", "calibration"):
        assert answer[key] == elsewhere[2][key], key
    assert [row["validation"] for row in answer["plan"]] == [row["validation"] for row in elsewhere[2]["plan"]]
    # Small samples are multiplied by all threads at once: the last bits of the statistic are theirs.
    assert answer["shift"]["p_value"] == elsewhere[2]["shift"]["p_value"]
    assert answer["shift"]["mmd2"] == pytest.approx(elsewhere[2]["shift"]["mmd2"], rel=1e-9)
