"""All models at a glance: the answers are those of asking for every model, version and run one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ntgate.registry import fleet as module
from ntgate.registry.champion import ALIAS, crowned
from ntgate.registry.client import Registry
from ntgate.registry.fleet import fleet
from ntgate.registry.history import may_be_approved
from ntgate.registry.lock import is_lock

LATER = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
PLACE = "s3://nowhere/model"  # nobody looks there
ODD = 'say "it\'s"'


def one_by_one(registry: Registry, runs: int) -> dict[str, tuple[Any, ...]]:
    """What the answers have to be; of all runs the latest so many."""
    client = registry.client
    experiments = {known.experiment_id: known.name for known in client.search_experiments()}
    last: dict[str, Any] = {}
    recorded = [run for run in client.search_runs(list(experiments), max_results=1000) if "ntgate.run_key" in run.data.tags]
    for run in sorted(recorded, key=lambda run: -run.info.start_time)[:runs]:
        last.setdefault(run.data.tags.get("ntgate.model", experiments[run.info.experiment_id]), run)
    found = {}
    for known in client.search_registered_models(max_results=1000):
        if is_lock(known.name):
            continue
        number, run = crowned(client.get_registered_model(known.name)), last.get(known.name)
        version = None if number is None else client.get_model_version(known.name, number)
        if version is not None and version.tags.get("ntgate.state") != "promoted":
            version = None
        every = [one for one in client.search_model_versions(max_results=1000) if one.name == known.name]
        found[known.name] = (
            number,
            None if version is None else version.tags.get("ntgate.strategy"),
            None
            if version is None
            else datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
            None if run is None else run.data.tags.get("ntgate.outcome"),
            None if run is None else run.info.run_name,
            {str(one.version) for one in every if may_be_approved(one.tags, number)},
        )
    return found


def told(registry: Registry) -> dict[str, tuple[Any, ...]]:
    """What ``fleet`` says, in the same form."""
    return {one.name: (one.champion, one.strategy, one.promoted, one.outcome, one.run, set(one.waiting)) for one in fleet(registry)}


@pytest.fixture
def many(registry: Registry) -> Iterator[Registry]:
    """A registry with everything in it that is not as usual."""
    client = registry.client

    def versions(name: str, *states: str | None, **tags: str) -> None:
        client.create_registered_model(name)
        for number, state in enumerate(states, start=1):
            known = {} if state is None else {"ntgate.state": state, "ntgate.strategy": f"strategy {name} {number}", **tags}
            client.create_model_version(name, PLACE, tags=known)

    def runs(name: str, *moments: int, experiment: str | None = None, says: bool = True, outcome: str = "rejected") -> None:
        place = experiment or f"{registry.experiment_name} {name}" if says else name
        known = client.get_experiment_by_name(place)
        where = known.experiment_id if known else client.create_experiment(place, artifact_location=PLACE)
        for moment in moments:
            tags = {"ntgate.run_key": f"{name} {moment}", "ntgate.outcome": f"{outcome} {moment}"}
            client.create_run(
                where, start_time=moment, tags=tags | ({"ntgate.model": name} if says else {}), run_name=f"{name} {moment}"
            )
        client.create_run(where, start_time=moment + 1, tags={"mlflow.parentRunId": "ab"}, run_name="an arm")

    versions("newest", "promoted", "promoted", "promoted")
    client.set_registered_model_alias("newest", ALIAS, "3")
    runs("newest", 10_000, 20_000)
    for name in ("old", "older's", ODD, "rolled back"):
        versions(name, "promoted", "promoted", "rolled_back", "promoted")
        client.set_registered_model_alias(name, ALIAS, "1" if name == "old" else "3" if name == "rolled back" else "2")
        runs(name, 30_000)
    versions("no champion", "baseline", "promoted")
    versions("deleted", "promoted", "promoted", "promoted")
    client.set_registered_model_alias("deleted", ALIAS, "1")
    client.delete_model_version("deleted", "1")
    versions("before it deleted", "promoted", "promoted", "baseline")
    client.set_registered_model_alias("before it deleted", ALIAS, "2")
    client.delete_model_version("before it deleted", "1")
    runs("before it deleted", 1000, 2000)
    versions("foreign", None, None)
    client.set_registered_model_alias("foreign", ALIAS, "1")
    versions("staged", "promoted", None)
    client.transition_model_version_stage("staged", "1", "Production")
    waits = {"ntgate.approval_until": LATER, "ntgate.previous_champion": "none"}
    versions("asks", "waiting", "waiting", **waits)
    versions("asks too late", "promoted", "waiting", **waits)
    client.set_registered_model_alias("asks too late", ALIAS, "1")
    versions("elsewhere", "promoted")
    runs("elsewhere", 500, experiment=f"{registry.experiment_name} newest")
    versions(f"silent {registry.experiment_name}", "promoted")
    runs(f"silent {registry.experiment_name}", 700, says=False)
    client.create_registered_model("no version")
    client.create_registered_model("newest.ntgate-lock")
    yield registry
    for known in client.search_experiments():  # one server serves many tests
        if known.artifact_location == PLACE:
            client.delete_experiment(known.experiment_id)


@pytest.mark.parametrize("config", ["sqlite", "server-on-sqlite"], indirect=True)
def test_the_same_as_one_by_one(many, monkeypatch):
    expected = one_by_one(many, runs=1000)
    assert {name: row[0] for name, row in expected.items()} == {
        "newest": "3",
        "old": "1",
        "older's": "2",
        ODD: "2",
        "rolled back": "3",
        "no champion": None,
        "deleted": None,
        "before it deleted": "2",
        "foreign": "1",
        "staged": "1",
        "asks": None,
        "asks too late": "1",
        "elsewhere": None,
        f"silent {many.experiment_name}": None,
        "no version": None,
    }
    assert expected["asks"][-1] == {"1", "2"}
    assert told(many) == expected
    # In pages of two runs: who is still missing is asked for one by one, or found on a later page, or not among the latest.
    monkeypatch.setattr(module, "_PAGE", 2)
    assert told(many) == expected
    monkeypatch.setattr(module, "_FEW", 0)
    assert told(many) == expected
    monkeypatch.setattr(module, "_RUNS", 4)
    assert told(many) == one_by_one(many, runs=4) != expected


def test_a_server_of_before(many, monkeypatch):
    """It refuses a list of names: then every promoted version is asked for."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    expected, search = one_by_one(many, runs=1000), MlflowClient.search_model_versions
    asked = []

    def older(self: Any, filter_string: str | None = None, **keywords: Any) -> Any:
        asked.append(filter_string)
        if "IN (" in (filter_string or ""):
            raise MlflowException("Invalid comparator", INVALID_PARAMETER_VALUE)
        return search(self, filter_string, **keywords)

    monkeypatch.setattr(MlflowClient, "search_model_versions", older)
    assert told(many) == expected
    assert any("IN (" in one for one in asked)


def test_no_more_versions_than_models(registry, monkeypatch):
    """However many were promoted before: what is loaded is what is told."""
    from mlflow import MlflowClient

    client, search, loaded = registry.client, MlflowClient.search_model_versions, []
    for number in range(6):
        client.create_registered_model(f"reader {number}")
        for _ in range(8):
            client.create_model_version(f"reader {number}", PLACE, tags={"ntgate.state": "promoted", "ntgate.strategy": "x"})
        client.set_registered_model_alias(f"reader {number}", ALIAS, "4" if number % 2 else "8")

    def counted(self: Any, *arguments: Any, **keywords: Any) -> Any:
        page = search(self, *arguments, **keywords)
        loaded.append(len(page))
        return page

    monkeypatch.setattr(MlflowClient, "search_model_versions", counted)
    assert [(one.champion, one.strategy) for one in fleet(registry)] == [("8", "x"), ("4", "x")] * 3
    assert loaded == [3, 0]  # those behind the newest, and those that wait
