"""Promotion when something dies, races or repeats: one version a decision, one winner a champion seen."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from ntgate.errors import ChampionMovedError, RegistryError
from ntgate.registry.champion import champion, fetch
from ntgate.registry.client import Registry
from ntgate.registry.history import history
from ntgate.registry.promotion import promote


class Faulty:
    """The client, with one call replaced: what the network does to a request."""

    def __init__(self, client: Any, **calls: Any) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._client, name)


def faulty(registry: Registry, **calls: Any) -> Registry:
    return Registry(Faulty(registry.client, **calls), registry.config, registry.name)


def locks(registry: Registry) -> list[str]:
    return [model.name for model in registry.client.search_registered_models() if model.name.endswith("ntgate-lock")]


# Of the calls in the order of the protocol: which one the process does not live to send, and what it leaves.
BOUNDARIES = [
    ("create_registered_model", []),
    ("search_model_versions", []),
    ("create_model_version", []),
    ("set_logged_model_tags", [("1", "pending", False)]),
    ("set_registered_model_alias", [("1", "pending", False)]),
    ("set_model_version_tag", [("1", "pending", True)]),
    ("rename_registered_model", [("1", "promoted", True)]),
]


def test_a_model_that_is_the_champion_becomes_no_further_version(registry, request_for):
    promote(registry, request_for(registry, "d1", None))
    itself = request_for(registry, "d2", "1").model_copy(update={"champion_itself": True})
    assert promote(registry, itself) == "1"
    assert [(entry.version, entry.decision_id) for entry in history(registry)] == [("1", "d1")]
    promote(registry, request_for(registry, "d3", "1"))
    with pytest.raises(ChampionMovedError):  # it was the champion, and is no more
        promote(registry, itself)


@pytest.mark.parametrize(("call", "left"), BOUNDARIES, ids=[call for call, _ in BOUNDARIES])
def test_killed_at_a_boundary_and_run_again(config, registry, promoters, request_for, call, left):
    wanted = request_for(registry, "d1", None)
    (victim,) = promoters(config, [wanted], die_before=call)
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert [(entry.version, entry.state, entry.champion) for entry in history(registry)] == left
    began = time.monotonic()
    assert promote(registry, wanted) == "1"
    assert time.monotonic() - began < 10  # the holder's death was seen, not waited for
    assert [(entry.version, entry.state, entry.champion) for entry in history(registry)] == [("1", "promoted", True)]
    assert locks(registry) == []


def test_of_several_promoters_at_once_exactly_one_wins(config, registry, promoters, request_for):
    processes = promoters(config, [request_for(registry, f"d{number}", None) for number in range(4)])
    for process in processes:
        process.join(90)
    told = [json.loads(process.answer.read_text()) for process in processes]
    won = [answer["version"] for answer in told if "version" in answer]
    assert len(won) == 1
    assert [answer["error"] for answer in told if "error" in answer] == ["ChampionMovedError"] * 3
    assert champion(registry).version == won[0]
    assert len(history(registry)) == 1
    assert locks(registry) == []


def test_the_same_decision_at_once_is_one_version(config, registry, promoters, request_for):
    processes = promoters(config, [request_for(registry, "d", None)] * 3)
    for process in processes:
        process.join(90)
    assert [json.loads(process.answer.read_text()) for process in processes] == [{"version": "1"}] * 3
    assert len(history(registry)) == 1


def test_a_request_that_was_sent_twice_makes_one_version(registry, request_for):
    def twice(*arguments: Any, **settings: Any) -> Any:
        registry.client.create_model_version(*arguments, **settings)
        return registry.client.create_model_version(*arguments, **settings)

    assert promote(faulty(registry, create_model_version=twice), request_for(registry, "d", None)) == "1"
    assert [entry.version for entry in history(registry)] == ["1"]


def test_the_first_alias_may_fail_under_a_race(registry, request_for):
    from mlflow.exceptions import MlflowException

    failures = [MlflowException("UNIQUE constraint failed: registered_model_aliases.name")] * 2

    def sometimes(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        registry.client.set_registered_model_alias(*arguments)

    assert promote(faulty(registry, set_registered_model_alias=sometimes), request_for(registry, "d", None)) == "1"
    assert champion(registry).version == "1"
    assert failures == []


def test_registry_gone_before_the_alias_says_that_nothing_was_promoted(registry, request_for):
    from mlflow.exceptions import MlflowException

    def gone(*_: Any, **__: Any) -> None:
        raise MlflowException("connection reset")

    with pytest.raises(RegistryError, match=r"connection reset.*nothing was promoted"):
        promote(faulty(registry, create_model_version=gone), request_for(registry, "d", None))
    assert champion(registry) is None


def test_registry_gone_behind_the_alias_does_not_say_so(registry, request_for):
    from mlflow.exceptions import MlflowException

    def gone(*_: Any) -> None:
        raise MlflowException("connection reset")

    with pytest.raises(RegistryError, match="the alias may have moved") as caught:
        promote(faulty(registry, set_model_version_tag=gone), request_for(registry, "d", None))
    assert "nothing was promoted" not in str(caught.value)
    assert champion(registry).version == "1"


def test_a_lock_lost_on_the_way_leaves_the_champion(registry, request_for):
    promote(registry, request_for(registry, "d1", None))

    def slowly(*arguments: Any, **settings: Any) -> Any:
        time.sleep(1.1)  # past half of the lease
        return registry.client.create_model_version(*arguments, **settings)

    hasty = Registry(registry.client, registry.config.model_copy(update={"lock_seconds": 2}), registry.name)
    with pytest.raises(RegistryError, match="stopped before moving the alias"):
        promote(faulty(hasty, create_model_version=slowly), request_for(registry, "d2", "1"))
    assert champion(registry).version == "1"
    assert promote(registry, request_for(registry, "d2", "1")) == "2"


def test_an_alias_moved_by_hand_stops_the_promotion(registry, request_for):
    promote(registry, request_for(registry, "d1", None))
    promote(registry, request_for(registry, "d2", "1"))
    registry.client.set_registered_model_alias("reader", "champion", "1")
    with pytest.raises(ChampionMovedError, match="expected version 2, got version 1; run again"):
        promote(registry, request_for(registry, "d3", "2"))
    registry.client.delete_registered_model_alias("reader", "champion")
    with pytest.raises(ChampionMovedError, match="expected version 2, got no champion"):
        promote(registry, request_for(registry, "d3", "2"))
    assert len(history(registry)) == 2


def test_an_invalid_name_is_not_taken_for_a_model_without_a_champion(registry):
    with pytest.raises(RegistryError):
        champion(Registry(registry.client, registry.config, ""))


def test_the_process_wide_tracking_uri_does_not_matter(registry, request_for, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    assert promote(registry, request_for(registry, "d1", None)) == "1"
    assert fetch(registry, champion(registry), tmp_path / "fetched").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_version_without_an_exported_model_is_no_usable_champion(registry, tmp_path):
    from ntgate.errors import ModelError

    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "model.pkl").write_bytes(b"")
    registry.client.create_registered_model("reader")
    registry.client.create_model_version("reader", str(tmp_path / "foreign"))
    registry.client.set_registered_model_alias("reader", "champion", "1")
    found = champion(registry)
    assert (found.version, found.decision_id, found.state) == ("1", None, None)
    assert [entry.state for entry in history(registry)] == ["foreign"]
    with pytest.raises(ModelError, match=r"expected an ONNX model, model\.onnx, got model\.pkl"):
        fetch(registry, found, tmp_path / "fetched")
