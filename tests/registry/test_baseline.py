"""Scratch as a version of its own: there to be served, and no promotion."""

from __future__ import annotations

import threading

import mlflow
import pytest

from ntgate.registry.baseline import Baseline, baseline, keep_baseline
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.registry.history import history
from ntgate.registry.lost_champion import lost
from ntgate.registry.overview import look
from ntgate.registry.promotion import promote
from ntgate.registry.repair import Repaired, reconcile, rollback
from ntgate.registry.tracking import record

ONE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def keep(registry, array_model, make_run):
    """Register a baseline whose model is the one recorded, under any digest."""
    recorded = record(registry, make_run(array_model))

    def keep(sha256: str, decision: str = "d1", through=registry) -> Baseline:
        return keep_baseline(through, recorded.runs["scratch"], recorded.models["scratch"], sha256, decision)

    return keep


def test_it_can_be_served_and_is_no_champion(registry, array_model, keep):
    assert baseline(registry) is None
    assert keep(ONE) == Baseline(version="1")
    assert baseline(registry) == "1"
    assert champion(registry) is None
    assert lost(registry) is None
    version = registry.client.get_model_version_by_alias("reader", "baseline")
    assert version.tags["ntgate.role"] == "baseline"
    assert version.tags["ntgate.baseline_of"] == "d1"
    assert "ntgate.decision_id" not in version.tags
    mlflow.set_tracking_uri(registry.config.uri)
    try:
        scores = mlflow.pyfunc.load_model("models:/reader@baseline").predict(array_model.example)
    finally:
        mlflow.set_tracking_uri(None)
    assert list(scores.columns) == list(array_model.classes)


def test_the_same_model_is_one_version_and_the_alias_follows_the_run(registry, keep):
    assert [keep(model, decision).version for model, decision in ((ONE, "d1"), (OTHER, "d2"), (ONE, "d3"))] == ["1", "2", "1"]
    assert baseline(registry) == "1"
    registry.client.delete_model_version("reader", "1")
    assert baseline(registry) is None
    assert keep(ONE).version == "3"


def test_two_processes_at_once_leave_one_version(config, registry, keep):
    found: list[Baseline] = []
    threads = [threading.Thread(target=lambda: found.append(keep(ONE, through=connect(config, "reader")))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert baseline(registry) == "1"
    assert [entry.version for entry in history(registry)] == ["1"]
    assert Baseline(version="1") in found


def test_promotions_pass_it_by(registry, keep, request_for):
    keep(ONE)
    assert promote(registry, request_for(registry, "d1", None)) == "2"
    keep(OTHER, "d1")
    assert promote(registry, request_for(registry, "d2", "2")) == "4"
    assert {entry.version: entry.state for entry in history(registry)} == {
        "4": "promoted",
        "3": "baseline",
        "2": "promoted",
        "1": "baseline",
    }
    seen = look(registry)
    assert [entry.version for entry in seen.versions] == ["4", "2"]
    assert (seen.champion, seen.baseline, seen.next) == ("4", "3", "nothing")
    assert rollback(registry) == "2"
    assert reconcile(registry) == Repaired(champion="2")
    assert baseline(registry) == "3"


def test_a_baseline_made_champion_by_hand_is_a_champion(registry, keep, request_for):
    keep(ONE)
    registry.client.set_registered_model_alias("reader", "champion", "1")
    seen = look(registry)
    assert (seen.champion, [entry.version for entry in seen.versions]) == ("1", ["1"])
    assert "by other means" in seen.next
    assert promote(registry, request_for(registry, "d1", "1")) == "2"
    assert rollback(registry) == "1"
    assert look(registry).next.startswith("nothing")


def test_a_registry_that_goes_away_is_told_and_raises_nothing(config, registry, keep):
    import sqlalchemy

    engine = sqlalchemy.create_engine(registry.config.uri)
    with engine.begin() as database:
        database.execute(sqlalchemy.text("DROP TABLE model_version_tags"))
    told = keep(ONE)
    assert told.version is None
    assert told.fault.startswith("the baseline was not registered: ")
