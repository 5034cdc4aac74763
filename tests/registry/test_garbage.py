"""What goes and what stays, on real registries with real runs; a dry run changes nothing."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ntgate.cli.app import run as command
from ntgate.registry.adoption import adopt
from ntgate.registry.approval import decline
from ntgate.registry.baseline import keep_baseline
from ntgate.registry.challenger import Terms, propose
from ntgate.registry.champion import champion, fetch
from ntgate.registry.client import Registry
from ntgate.registry.garbage import Retention
from ntgate.registry.history import history
from ntgate.registry.person import Person
from ntgate.registry.promotion import PromotionRequest, promote
from ntgate.registry.repair import rollback
from ntgate.registry.tracking import record
from ntgate.stages.garbage_collection import collect

LITTLE = Retention(days=30, runs=1, rollbacks=1)
DAY = 24 * 3600
ENDS = ("promoted", "rejected")


@pytest.fixture
def made(registry, make_run, array_model, monkeypatch):
    """Record a run of so many days ago, and give back a request to promote it."""
    from mlflow import MlflowClient

    ended = MlflowClient.set_terminated

    def make(days: float, outcome: str = "rejected", decision: str | None = None) -> PromotionRequest:
        began = time.time() - days * DAY
        monkeypatch.setattr(MlflowClient, "set_terminated", lambda *given, **_: ended(*given[:2], end_time=int(1000 * began)))
        decision = decision or f"d{days:g}"
        run = make_run(array_model)
        tags = {"ntgate.decision_id": decision, "ntgate.outcome": outcome, "ntgate.model": "reader"}
        arms = [replace(arm, began=began) for arm in run.candidates]
        found = record(registry, replace(run, tags=tags, candidates=arms, began=began, key=f"{decision} {days}"))
        return PromotionRequest(
            decision_id=decision,
            champion_seen=None,
            run_id=found.runs["fine_tuning"],
            model_id=found.models["fine_tuning"],
            description="",
            tags={"ntgate.run_id": found.run_id},
        )

    return make


def parent(request: PromotionRequest) -> str:
    return request.tags["ntgate.run_id"]


def going(registry: Registry, **settings: Any) -> set[str]:
    return {item.id for item in collect(registry, LITTLE, **settings).items}


def after(request: PromotionRequest, seen: str | None) -> PromotionRequest:
    return request.model_copy(update={"champion_seen": seen})


@pytest.mark.parametrize("config", ["sqlite", "server-on-sqlite"], indirect=True)
def test_an_old_run_goes_with_all_that_hangs_on_it(registry, made, tmp_path):
    first, second, third = (made(days, "promoted") for days in (90, 80, 70))
    for number, request in enumerate((first, second, third)):
        promote(registry, after(request, str(number) if number else None))
    old, latest, young = made(60), made(50), made(1)
    experiment = registry.experiment()
    before = len(registry.client.search_runs([experiment]))
    dry = collect(registry, LITTLE)
    # The champion and the one before it stay, the latest run, and a young one.
    assert {(item.id, item.versions) for item in dry.items} == {(parent(first), ("1",)), (parent(old), ()), (parent(latest), ())}
    assert all(item.bytes > 1000 and not item.deleted for item in dry.items)
    assert sum(dry.kept.values()) == 3
    assert len(registry.client.search_runs([experiment])) == before
    done = collect(registry, LITTLE, delete=True)
    assert [item.model_copy(update={"deleted": True}) for item in dry.items] == list(done.items)
    assert {run.info.run_id for run in registry.client.search_runs([experiment], "tags.`ntgate.run_key` LIKE '%'")} == {
        parent(second),
        parent(third),
        parent(young),
    }
    assert len(registry.client.search_runs([experiment])) == before // 2
    assert len(registry.client.search_logged_models([experiment])) == 6
    assert collect(registry, LITTLE, delete=True).items == ()
    assert [entry.version for entry in history(registry)] == ["3", "2"]
    assert rollback(registry) == "2"
    assert fetch(registry, champion(registry), tmp_path / "fetched").is_file()
    if not registry.config.uri.startswith("http"):
        from mlflow.entities import ViewType

        assert len(registry.client.search_runs([experiment], run_view_type=ViewType.ALL)) == before // 2
        places = Path(registry.client.get_experiment(experiment).artifact_location.removeprefix("file://"))
        assert not (places / parent(first)).exists()
        assert len([place for place in places.iterdir() if place.is_dir() and place.name != "models"]) <= before // 2


def test_what_is_needed_stays(registry, made):
    runs = [made(days, "promoted") for days in (100, 90, 80, 70, 60)]
    promote(registry, runs[0])
    propose(registry, after(runs[1], "1"), Terms())
    propose(registry, after(runs[2], "1"), Terms())
    decline(registry, "3", Person(name="ann", account="system:ann"), "no")
    rejected = made(55)
    keep_baseline(registry, rejected.run_id, rejected.model_id, "abc", rejected.decision_id)
    promote(registry, after(runs[3], "1"))
    rollback(registry)  # a repetition of what was rolled back must be known for one
    named = made(50)
    promote(registry, after(named, "1"))
    registry.client.set_registered_model_alias("reader", "tuesday", "2")  # somebody's own
    made(40), made(39)
    kept = {parent(run) for run in (runs[0], runs[1], runs[2], runs[3], rejected, named)}
    assert going(registry) & kept == set()
    assert parent(runs[4]) in going(registry)
    registry.client.delete_registered_model_alias("reader", "tuesday")
    assert parent(runs[1]) in going(registry)  # its evidence was against a champion that is gone: nobody can approve it


def test_what_others_hang_on_a_run_keeps_it(registry, made):
    runs = [made(days) for days in (100, 90, 80, 70)]
    made(1)
    source = registry.client.get_logged_model(runs[0].model_id).artifact_location
    registry.client.create_registered_model("somebody-else-s")
    registry.client.create_model_version("somebody-else-s", source, run_id=runs[0].run_id, model_id=runs[0].model_id)
    registry.client.create_run(registry.experiment(), tags={"mlflow.parentRunId": parent(runs[1])})
    registry.client.create_registered_model("reader")
    registry.client.create_model_version("reader", source, run_id=runs[2].run_id, model_id=runs[2].model_id)
    adopt(registry, "1", by="ann", reason="it is served")
    theirs = registry.client.create_run(registry.experiment(), start_time=1).info.run_id
    registry.client.set_terminated(theirs)
    done = collect(registry, LITTLE, delete=True)
    assert [item.id for item in done.items] == [parent(runs[3])]
    assert done.kept["somebody else's version or run hangs on it"] == 3
    assert registry.client.get_run(theirs).info.lifecycle_stage == "active"


def test_of_one_model_and_from_an_older_server(registry, made, monkeypatch):
    """Asked for less, or with fewer words, MLflow says the same: of runs elsewhere, of 0.1.0, with arms of later runs beside."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    client = registry.client
    runs = [made(days) for days in (100, 90, 80, 0.5)]
    client.create_run(registry.experiment(), start_time=1, tags={"mlflow.parentRunId": parent(runs[1]), "ntgate.strategy": "x"})
    client.create_run(registry.experiment(), tags={"mlflow.parentRunId": parent(runs[2])})  # somebody else's, and late

    def elsewhere(experiment: str, moment: int, **tags: str) -> str:
        run = client.create_run(experiment, start_time=moment, tags={"ntgate.run_key": f"{moment}", **tags}).info.run_id
        client.set_terminated(run)
        return str(run)

    other = client.create_experiment("writer")
    known = {"ntgate.model": "reader"}
    there, silent = elsewhere(other, 2, **known), elsewhere(registry.experiment(), 3)
    [elsewhere(other, moment) for moment in (4, 5)]  # of 0.1.0, about the writer
    elsewhere(registry.experiment(), 6, **{"ntgate.model": "writer"})
    every = collect(registry, LITTLE)
    of_reader = [item for item in every.items if item.model == "reader"]
    assert {item.id for item in of_reader} == {parent(runs[0]), parent(runs[1]), there, silent}
    assert len(every.items) == len(of_reader) + 2
    one = collect(registry, LITTLE, name="reader")
    assert sorted(one.items, key=lambda item: item.id) == sorted(of_reader, key=lambda item: item.id)
    search = MlflowClient.search_runs

    def older(self: Any, experiments: Any, filter_string: str = "", *arguments: Any, **keywords: Any) -> Any:
        if "IS NULL" in filter_string:
            raise MlflowException("Invalid comparator", INVALID_PARAMETER_VALUE)
        return search(self, experiments, filter_string, *arguments, **keywords)

    monkeypatch.setattr(MlflowClient, "search_runs", older)
    assert collect(registry, LITTLE) == every


def test_a_version_that_is_needed_by_the_time_it_goes(registry, made, monkeypatch):
    from ntgate.registry import garbage

    one, two = made(90, "promoted"), made(80, "promoted")
    propose(registry, one, Terms(days=1))
    promote(registry, two)
    made(1)
    assert going(registry) == {parent(one)}
    found = garbage.survey

    def then_rolled_back(*arguments: Any) -> Any:
        seen = found(*arguments)
        registry.client.set_registered_model_alias("reader", "keep", "1")
        return seen

    monkeypatch.setattr(garbage, "survey", then_rolled_back)
    done = collect(registry, LITTLE, delete=True)
    assert [item.deleted for item in done.items] == [False]
    assert done.kept["needed, by the time that it was to go"] == 1
    assert registry.client.get_run(parent(one)).info.lifecycle_stage == "active"


def folder(place: Path, name: str, days: float, **known: Any) -> Path:
    path = place / "reader" / name
    path.mkdir(parents=True)
    began = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - days * DAY))
    content = {"schema": 1, "kind": "run", "model": "reader", "began": began, "outcome": "rejected", **known}
    (path / "run.json").write_text(json.dumps(content))
    (path / "scores.npz").write_bytes(bytes(1000))
    return path


def test_folders_of_runs(registry, made, tmp_path, capsys):
    old = made(90)
    asked_for = made(85, "inconclusive")
    promoted = made(80, "promoted")
    promote(registry, promoted)
    made(1)
    place = tmp_path / "runs"
    gone = folder(place, "a", 90, run_id=parent(old))
    stay = {
        "champion": folder(place, "b", 80, run_id=parent(promoted)),
        "asked": folder(place, "c", 85, run_id=parent(asked_for), outcome="inconclusive"),
        "latest": folder(place, "d", 0.5, outcome=None),
        "later ntgate": folder(place, "e", 90, schema=99),
        "another's": folder(place, "f", 90, model="writer"),
    }
    (stay["asked"] / "asked.json").write_text("{}")
    (place / "reader" / "notes").mkdir()
    (place / "reader" / "notes" / "run.json").write_text("[]")
    (place / "reader" / "link").symlink_to(gone)
    arguments = ["gc", "--uri", registry.config.uri, "--runs", str(place), "--keep-days", "30", "--keep-runs", "1"]
    assert command(arguments) == 0
    told = capsys.readouterr().out
    assert f"reader: {gone}, 1." in told
    assert f"run {parent(old)} in MLflow" in told
    assert "nothing was changed; --yes would delete 1 runs in MLflow with 0 versions, and 1 folders" in told
    assert command([*arguments, "--yes", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {(item["kind"], item["id"], item["deleted"]) for item in answer["items"]} == {
        ("mlflow", parent(old), True),
        ("folder", str(gone), True),
    }
    assert answer["dry_run"] is False
    assert answer["bytes"] == sum(item["bytes"] for item in answer["items"]) > 0
    assert not gone.exists()
    assert all(path.is_dir() for path in stay.values())
    assert (place / "reader" / "notes").is_dir()
    assert registry.client.get_run(parent(asked_for)).info.lifecycle_stage == "active"
    assert command([*arguments, "--runs", str(tmp_path / "nowhere")]) == 2


def test_tables_that_no_folder_names(registry, made, tmp_path, capsys):
    promote(registry, made(80, "promoted"))
    made(1)
    place = tmp_path / "runs"
    tables = place / "tables"
    tables.mkdir(parents=True)

    def table(number: int, days: float) -> Path:
        path = tables / f"{number:016x}.parquet"
        path.write_bytes(bytes(10))
        os.utime(path, (time.time() - days * DAY,) * 2)
        return path

    gone, named, young, unknown = table(1, 90), table(2, 90), table(3, 20), table(4, 90)
    of_old = table(5, 95)
    (unknown := unknown.rename(tables / "mine.parquet")).touch()
    os.utime(unknown, (1, 1))
    kept = folder(place, "a", 0.5)
    (kept / "history.json").write_text(json.dumps({"read": str(named)}))
    old = folder(place, "b", 95)
    (old / "history.json").write_text(json.dumps({"read": str(of_old)}))
    folder(place, "c", 0.2)  # a run that goes on: what was written since it began may be read by it
    arguments = ["gc", "--uri", registry.config.uri, "--runs", str(place), "--keep-days", "30", "--keep-runs", "1"]
    assert command([*arguments, "reader", "--json"]) == 0
    assert {item["kind"] for item in json.loads(capsys.readouterr().out)["items"]} == {"folder"}
    assert command(arguments) == 0
    assert "and 1 folders and 2 tables: " in capsys.readouterr().out
    assert gone.exists()
    assert command([*arguments, "--yes", "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert {(item["kind"], item["id"]) for item in items} == {("folder", str(old)), ("table", str(gone)), ("table", str(of_old))}
    assert sorted(tables.iterdir()) == sorted([named, young, unknown])
    os.utime(kept / "run.json", (1, 1))
    (kept / "history.json").unlink()  # begun long ago and not ended: nobody knows what it reads
    assert command([*arguments, "--yes"]) == 0
    assert named.exists()


def test_an_open_decision_of_the_ledger_keeps_its_run(registry, made, monkeypatch):
    from ntgate.ledger.entries import LedgerEntry
    from ntgate.ledger.ledger import Ledger

    old, other = made(90, decision="going on"), made(80)
    made(1)
    entry = LedgerEntry(
        id=1,
        kind="opened",
        opening=None,
        model="reader",
        comparison="c",
        decision_id="going on",
        policy="spend",
        alpha=0.05,
        horizon=1,
        withheld=False,
        dry_run=False,
        rows=10,
        outcome=None,
        at="2026-01-01T00:00:00+00:00",
    )
    monkeypatch.setattr(Ledger, "entries", lambda self: [entry])
    assert going(registry) == {parent(other)}
    closed = entry.model_copy(update={"id": 2, "kind": "closed", "opening": 1, "outcome": "rejected"})
    monkeypatch.setattr(Ledger, "entries", lambda self: [entry, closed])
    assert going(registry) == {parent(old), parent(other)}


@pytest.mark.parametrize("config", ["server-on-sqlite"], indirect=True)
def test_without_a_ledger_no_inconclusive_run_goes(registry, made):
    made(90, "inconclusive"), made(1)
    found = collect(registry, LITTLE)
    assert found.items == ()
    assert found.kept["inconclusive, and labels may be asked for"] == 1
    assert "the ledger was not asked" in found.notes[0]
