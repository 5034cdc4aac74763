"""Whole runs on files in which rows stand more than once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.stages.domains import read_domains

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from real_pairs import PAIRS

QUICK = {
    "training": {"steps": 40, "source_steps": 40, "batch_size": 32},
    "gate": {"seeds": 1},
    "strategies": [{"kind": "fine_tuning"}],
    "shift": {"permutations": 99, "evidently": False},
}


def written(folder: Path, source: Path, target: Path, **more: object) -> Path:
    config = {
        "model": {"name": "reader", "backbone": {"kind": "mlp", "hidden": [16]}},
        "data": {"source": {"path": str(source)}, "target": {"path": str(target)}},
        "registry": {"uri": f"sqlite:///{folder / 'mlflow.db'}"},
        **QUICK,
        **more,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder / "config.yaml"


def ran(config: Path, capsys) -> tuple[int, dict]:
    code = command(["run", str(config), "--inline", "--json"])
    return code, json.loads(capsys.readouterr().out)


def files(shared_data: Path, pair: tuple[str, str, str, int]) -> tuple[Path, Path]:
    folder, *names, _ = pair
    source, target = (next(shared_data.joinpath(folder).glob(f"{name}.*")) for name in names)
    return source, target


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(map(str, pair[:3])))
def test_the_files_of_every_real_pair_are_read_unedited(shared_data, tmp_path, pair):
    domains, leakage, _ = read_domains(load(written(tmp_path, *files(shared_data, pair))))
    assert len(domains["test"]) >= 60
    assert leakage.copies.tested <= 3


@pytest.mark.parametrize(
    ("source", "target", "tested"),
    [pytest.param("red", "white", 2, marks=pytest.mark.slow), pytest.param("white", "red", 3, marks=pytest.mark.slow)],
)
def test_wine_runs_from_its_files(shared_data, tmp_path, capsys, source, target, tested):
    folder = shared_data / "wine_quality"
    code, result = ran(written(tmp_path, folder / f"{source}.csv", folder / f"{target}.csv"), capsys)
    assert code in (0, 3, 4), result
    copies = result["data"]["copies"]
    assert copies["tested"] <= tested
    assert copies["repeated"] > 50
    assert not copies["drawn"]
    reason = next(found["reason"] for found in result["findings"] if found["rule"] == "leakage")
    assert f"{copies['repeated']} test rows repeat others" in reason
    assert reason.split(". ")[0] in Path(result["reports"]["report"]).read_text().replace("&#39;", "'")
    assert result["candidate"]["n"] == result["data"]["rows"]["test"] - copies["repeated"]


def test_a_survey_runs_and_every_test_row_counts(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name, n in (("source", 600), ("target", 300)):
        rows = rng.integers(0, 2, (n, 6))
        frame = pd.DataFrame(rows, columns=list("abcdef"))
        frame["label"] = np.where(rng.random(n) < 0.2 + 0.6 * (rows.sum(axis=1) > 3), "yes", "no")
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    config = written(tmp_path, tmp_path / "source.csv", tmp_path / "target.csv")
    code, result = ran(config, capsys)
    assert code in (0, 3, 4), result
    assert result["candidate"]["n"] == result["data"]["rows"]["test"] == 120
    assert result["data"]["copies"]["drawn"]
    assert command(["status", "reader", "--uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]) == 0
    assert "120 test rows" in capsys.readouterr().out
