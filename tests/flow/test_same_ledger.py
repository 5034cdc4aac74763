"""Another ledger knows nothing of what was used: a run with one is refused before anything is trained."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.ledger.ledger import Ledger
from ntgate.registry.client import connect
from ntgate.registry.ledger_tag import known_ledger

QUICK = ("training.steps=60", "training.source_steps=60", "gate.seeds=1", "strategies=[{kind: linear_pool}]")


def ran(project: Path, capsys, *settings: str, dry: bool = False) -> tuple[int, dict]:
    more = [part for setting in (*QUICK, *settings) for part in ("--set", setting)]
    code = command(["run", str(project / "config.yaml"), "--inline", "--json", *more, *(["--dry-run"] if dry else [])])
    return code, json.loads(capsys.readouterr().out)


def trained(project: Path) -> int:
    return len(list(project.glob("runs/reader/*/models")))


def test_a_run_with_another_ledger_is_refused_until_somebody_adopts_it(project, capsys, monkeypatch):
    other = f"gate.ledger.uri=sqlite:///{project / 'other.db'}"
    code, _ = ran(project, capsys)
    assert code in (0, 3, 4)
    registry = connect(load(project / "config.yaml").registry, "reader")
    first = known_ledger(registry)
    assert first == Ledger(f"sqlite:///{project / 'mlflow.db'}").identity(create=False)
    for dry in (True, False):
        code, answer = ran(project, capsys, other, dry=dry)
        assert (code, answer["errors"][0]["path"]) == (2, "gate.ledger.uri")
        assert answer["errors"][0]["expected"].startswith(f"the ledger {first[:8]}")
        assert answer["errors"][0]["got"] == "a new one"
        assert "`ntgate ledger adopt CONFIG`" in answer["errors"][0]["fix"]
    assert trained(project) == 1
    assert not (project / "other.db").exists()

    adopt = ["ledger", "adopt", str(project / "config.yaml"), "--set", other]
    assert command([*adopt, "--json"]) == 2  # --json asks nothing
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert command(adopt) == 130  # nobody there to say yes
    capsys.readouterr()
    assert command([*adopt, "--yes", "--json"]) == 0
    adopted = json.loads(capsys.readouterr().out)
    assert (adopted["before"], adopted["ledger"]) == (first, known_ledger(registry))
    assert adopted["ledger"] != first
    code, answer = ran(project, capsys)  # now the first one is the other
    assert (code, answer["errors"][0]["got"]) == (2, f"the ledger {first[:8]}")
    assert ran(project, capsys, other)[0] in (0, 3, 4)


@pytest.mark.slow
def test_where_nothing_is_accounted_for_any_ledger_will_do(project, capsys):
    ran(project, capsys)
    code, _ = ran(project, capsys, "gate.ledger.policy=none", f"gate.ledger.uri=sqlite:///{project / 'other.db'}")
    assert code in (0, 3, 4)


@pytest.mark.slow
def test_models_of_one_experiment_may_have_a_ledger_each(project, capsys):
    for name in ("reader", "Lecteur d'été"):
        uri = f"gate.ledger.uri=sqlite:///{project / name}.db"
        code, answer = ran(project, capsys, f"model.name={name}", "registry.experiment=both", uri)
        assert code in (0, 3, 4), answer
