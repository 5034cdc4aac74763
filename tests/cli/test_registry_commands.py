"""The commands of the registry as a user meets them, on a real SQLite registry and through a real server."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.errors import RegistryError
from ntgate.registry.baseline import keep_baseline
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.lock import promotion_lock
from ntgate.registry.promotion import PromotionRequest, promote


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture(params=["sqlite", "server"])
def uri(request) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture
def registry(request, uri) -> Registry:
    """A model of this test's own; two were promoted."""
    registry = connect(RegistryConfig(uri=uri, timeout_seconds=60), request.node.originalname)
    run_id = registry.client.create_run(registry.experiment()).info.run_id
    model = registry.client.create_logged_model(registry.experiment(), name="candidate", source_run_id=run_id)
    for decision, seen in (("d1", None), ("d2", "1")):
        promote(registry, request_of(decision, seen, run_id, model.model_id))
    return registry


def request_of(decision: str, seen: str | None, run_id: str, model_id: str) -> PromotionRequest:
    return PromotionRequest(
        decision_id=decision,
        champion_seen=seen,
        run_id=run_id,
        model_id=model_id,
        description="",
        tags={"ntgate.strategy": "fine_tuning"},
    )


@pytest.fixture
def ask(registry, uri, capsys):
    def ask(*arguments: str, code: int = 0) -> dict:
        capsys.readouterr()
        assert command([*arguments, registry.name, "--uri", uri, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def say(registry, uri, capsys):
    def say(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert command([*arguments, registry.name, "--uri", uri]) == code
        told = capsys.readouterr()
        assert (told.err if code == 0 else told.out) == ""
        return told.out if code == 0 else told.err

    return say


def test_rollback(ask, say, registry):
    assert ask("rollback") == {"schema": 1, "name": registry.name, "champion": "1"}
    assert ask("status")["champion"] == "1"
    assert say("rollback", code=6).startswith(f"error: champion of {registry.name}: expected a champion before")
    assert ask("rollback", code=6)["errors"][0]["got"] == "version 1, which follows on none"


def test_reconcile(ask, say, registry):
    assert say("reconcile") == f"{registry.name}: no promotion was pending; version 2 is the champion\n"
    for version, follows in (("2", "1"), ("1", "none")):
        registry.client.set_model_version_tag(registry.name, version, "ntgate.previous_champion", follows)
    registry.client.set_registered_model_alias(registry.name, "champion", "1")
    registry.client.set_model_version_tag(registry.name, "2", "ntgate.state", "pending")  # killed before the alias
    seen = ask("status")
    assert (seen["champion"], seen["pending"]) == ("1", ["2"])
    assert f"`ntgate reconcile {registry.name}`" in seen["next"]
    assert say("reconcile") == f"{registry.name}: finished the promotion of version 2; version 2 is the champion\n"
    assert ask("reconcile") == {"schema": 1, "name": registry.name, "champion": "2", "finished": None, "abandoned": []}


def test_lock_break(ask, say, registry, uri, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "got nobody; there is nothing to break" in say("lock", "break", code=6)
    with promotion_lock(registry) as held:
        seen = ask("status")
        assert (seen["lock"]["owner"], seen["lock"]["dead"]) == (held.owner, False)
        assert "wait for the promotion" in seen["next"]
        assert held.owner in say("status")
        assert command(["lock", "break", registry.name, "--uri", uri, "--json"]) == 2  # --json asks nothing
        assert command(["lock", "break", registry.name, "--uri", uri]) == 130  # nobody there to say yes
        assert "break it?" in capsys.readouterr().err
        held.check(registry)
        assert ask("lock", "break", "--yes")["broken"]["token"] == held.token
        assert ask("status")["lock"] is None
        with pytest.raises(RegistryError, match="nobody holds it"):
            held.check(registry)
    assert ask("status")["next"] == "nothing"


def test_status(ask, say, registry):
    seen = ask("status")
    assert [(entry["version"], entry["champion"], entry["state"]) for entry in seen["versions"]] == [
        ("2", True, "promoted"),
        ("1", False, "promoted"),
    ]
    assert (seen["schema"], seen["champion"], seen["pending"], seen["lock"], seen["lost"]) == (1, "2", [], None, None)
    text = say("status")
    assert "* v2" in text
    assert "after v1" in text
    assert [(reign["version"], reign["champion"], reign["because"]) for reign in seen["timeline"]] == [
        ("2", True, "passed every rule"),
        ("1", False, "passed every rule"),
    ]
    assert re.search(r"\n  \d{4}-\d\d-\d\d v2: passed every rule\n", text)
    assert text.endswith("next      nothing\n")
    assert seen["baseline"] is None
    (model,) = registry.client.search_logged_models([registry.experiment()])
    assert keep_baseline(registry, model.source_run_id, model.model_id, "a" * 64, "d2").version == "3"
    beside = ask("status")
    assert (beside["baseline"], beside["versions"]) == ("3", seen["versions"])
    assert f"baseline  v3, training from scratch: models:/{registry.name}@baseline\n" in say("status")
    registry.client.delete_registered_model_alias(registry.name, "champion")
    lost = ask("status")
    assert (lost["champion"], lost["lost"]) == (None, "version 2 was promoted, and no version carries the alias now")
    assert "--allow-first" in say("status")


def test_adopt(ask, say, registry):
    (model,) = registry.client.search_logged_models([registry.experiment()])
    made = {"run_id": model.source_run_id, "model_id": model.model_id}
    own = registry.client.create_model_version(registry.name, source=model.artifact_location, **made).version
    because = ("--version", str(own), "--reason", "it has served for a year", "--by", "ann")
    answer = ask("adopt", *because)
    assert (answer["champion"], answer["previous"], answer["by"]) == (str(own), "2", "ann")
    tags = registry.client.get_model_version(registry.name, own).tags
    assert (tags["ntgate.state"], tags["ntgate.adopted_because"]) == ("promoted", "it has served for a year")
    assert ask("adopt", *because)["previous"] == "2"  # twice is once
    assert ask("status")["next"] == "nothing"
    assert ask("rollback")["champion"] == "2"
    assert "expected a version made by other means than ntgate" in say("adopt", "--version", "1", "--reason", "x", code=6)
    assert "expected a version of this model, got versions 3, 2, 1" in say("adopt", "--version", "9", "--reason", "x", code=6)


def test_status_of_all_models(registry, uri, capsys):
    with promotion_lock(registry):
        assert command(["status", "--uri", uri, "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert not [name for name in models if "ntgate-lock" in name]
    mine = models[registry.name]
    assert (mine["champion"], mine["strategy"], mine["outcome"]) == ("2", "fine_tuning", None)
    tags = {"ntgate.run_key": "k", "ntgate.outcome": "rejected", "ntgate.model": registry.name}
    registry.client.create_run(registry.experiment(), tags=tags, run_name="the last one")
    assert command(["status", "--uri", uri]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith(f"{registry.name} "))
    assert " v2 " in line
    assert "rejected 20" in line


@pytest.mark.parametrize("arguments", [["rollback"], ["reconcile"], ["lock", "break", "--yes"]])
def test_nothing_is_created_by_a_repair(tmp_path: Path, capsys, arguments):
    assert command([*arguments, "reader", "--uri", f"sqlite:///{tmp_path}/none.db"]) == 6
    assert "expected an existing registry, got no file" in capsys.readouterr().err
    assert command(["status", "reader", "--uri", f"sqlite:///{tmp_path}/none.db"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["status"], ["rollback"], ["reconcile"], ["lock", "break", "--yes"]])
def test_a_registry_that_cannot_be_reached_or_is_none(capsys, arguments):
    assert command([*arguments, "reader", "--uri", "./mlruns", "--json"]) == 2
    assert "--uri: expected sqlite:///FILE" in json.loads(capsys.readouterr().out)["errors"][0]["message"]
    assert command([*arguments, "reader", "--uri", "http://127.0.0.1:9", "--json"]) == 6
    assert "connection refused" in json.loads(capsys.readouterr().out)["errors"][0]["got"]


def test_report_of_a_recorded_run(registry, uri, tmp_path, capsys):
    run_id = registry.client.create_run(registry.experiment()).info.run_id
    for name in ("drift.html", "report.html", "decision.json"):
        registry.client.log_text(run_id, f"this is {name}", name)
    capsys.readouterr()
    assert command(["report", run_id, "--uri", uri, "--to", str(tmp_path), "--json"]) == 0
    pages = json.loads(capsys.readouterr().out)["reports"]
    assert list(pages) == ["report", "drift"]  # the report first
    assert Path(pages["report"]) == tmp_path / run_id / "report.html"
    assert Path(pages["report"]).read_text() == "this is report.html"
    bare = registry.client.create_run(registry.experiment()).info.run_id
    assert command(["report", bare, "--uri", uri]) == 6
    assert "expected a run with a report, got none" in capsys.readouterr().err
    assert command(["report", "0" * 32, "--uri", uri]) == 6


def test_report_of_a_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert command(["report", str(tmp_path)]) == 2
    assert "with report.html, got a folder without" in capsys.readouterr().err
    (tmp_path / "report.html").touch()
    assert command(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'}\n"
    assert command(["report", "no-such-run"]) == 2
    assert "add --uri" in capsys.readouterr().err
