"""Never to have had a champion is one thing, to have lost it another."""

from __future__ import annotations

import dataclasses

import pytest

from ntgate.errors import ChampionMovedError
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry
from ntgate.registry.history import history
from ntgate.registry.lost_champion import CHAMPION_OF, bear_witness, lost
from ntgate.registry.overview import look
from ntgate.registry.promotion import promote
from ntgate.registry.repair import reconcile, rollback


def test_never_had_one(registry, request_for, tmp_path):
    assert lost(registry) is None  # no experiment, no model
    wanted = request_for(registry, "d1", None)
    assert lost(registry) is None  # a run, no model
    registry.client.create_registered_model("reader")
    assert lost(registry) is None
    registry.client.create_model_version("reader", tmp_path.as_uri())
    assert lost(registry) is None  # a version by other hands that never carried the alias
    assert promote(registry, wanted) == "2"


def test_a_promotion_that_was_cut_short_before_the_alias_is_no_lost_champion(config, registry, promoters, request_for):
    wanted = request_for(registry, "d1", None)
    (victim,) = promoters(config, [wanted], die_before="set_registered_model_alias")
    victim.join(60)
    assert [entry.state for entry in history(registry)] == ["pending"]
    assert lost(registry) is None
    assert promote(registry, wanted) == "1"


def delete_alias(registry: Registry) -> None:
    registry.client.delete_registered_model_alias("reader", "champion")


def delete_version(registry: Registry) -> None:
    registry.client.delete_model_version("reader", champion(registry).version)


def delete_model(registry: Registry) -> None:
    registry.client.delete_registered_model("reader")


def rename_model(registry: Registry) -> None:
    registry.client.rename_registered_model("reader", "other")


def delete_model_and_run(registry: Registry) -> None:
    run_id = champion(registry).run_id
    registry.client.delete_registered_model("reader")
    registry.client.delete_run(run_id)


WAYS = {
    delete_alias: "version 2 was promoted, and no version carries the alias now",
    delete_version: "version 1 was promoted",
    delete_model: "made a champion, and its version is gone",
    rename_model: "made a champion, and its version is gone",
    delete_model_and_run: "made a champion, and its version is gone",
}


@pytest.mark.parametrize(("lose", "reason"), WAYS.items(), ids=[way.__name__ for way in WAYS])
def test_had_one_and_lost_it(registry, request_for, lose, reason):
    promote(registry, request_for(registry, "d1", None))
    promote(registry, request_for(registry, "d2", "1"))
    lose(registry)
    assert champion(registry) is None
    assert reason in lost(registry)
    assert "--allow-first" in look(registry).next
    # Promoted and lost between the decision and the promotion: the decision did not know.
    with pytest.raises(ChampionMovedError, match="expected a model that never had one, got none any more"):
        promote(registry, request_for(registry, "d3", None))
    assert champion(registry) is None


def test_the_only_version_was_deleted(registry, request_for):
    promote(registry, request_for(registry, "d1", None))
    registry.client.delete_model_version("reader", "1")
    assert history(registry) == []
    assert "made a champion" in lost(registry)
    wanted = request_for(registry, "d2", None).model_copy(update={"allow_first": True})
    promoted = promote(registry, wanted)
    assert champion(registry).version == promoted
    assert history(registry)[0].first_allowed


def test_a_rolled_back_version_is_a_witness(registry, request_for):
    promote(registry, request_for(registry, "d1", None))
    promote(registry, request_for(registry, "d2", "1"))
    rollback(registry)
    registry.client.delete_model_version("reader", "1")
    assert lost(registry) == "version 2 was promoted, and no version carries the alias now"


def test_a_champion_whose_run_was_deleted_is_finished_all_the_same(config, registry, promoters, request_for):
    wanted = request_for(registry, "d1", None)
    (victim,) = promoters(config, [wanted], die_before="set_model_version_tag")
    victim.join(60)
    assert [(entry.state, entry.champion) for entry in history(registry)] == [("pending", True)]
    registry.client.delete_run(wanted.run_id)
    assert reconcile(registry).champion == "1"
    assert [entry.state for entry in history(registry)] == ["promoted"]


def test_reconcile_promotes_no_pending_version_in_the_place_of_a_lost_champion(config, registry, promoters, request_for):
    first = request_for(registry, "d1", None)
    (victim,) = promoters(config, [first], die_before="set_registered_model_alias")
    victim.join(60)
    promote(registry, request_for(registry, "d2", None))
    delete_alias(registry)
    assert reconcile(registry).abandoned == ("1",)
    assert champion(registry) is None
    allowed = request_for(registry, "d3", None).model_copy(update={"allow_first": True})
    (victim,) = promoters(config, [allowed], die_before="set_registered_model_alias")
    victim.join(60)
    assert reconcile(registry).finished == "3"  # this decision knew


def test_another_model_of_the_same_experiment_is_no_witness(registry, request_for):
    promote(registry, request_for(registry, "d1", None))
    neighbour = Registry(registry.client, registry.config.model_copy(update={"experiment": "reader"}), "Ann's reader")
    assert lost(neighbour) is None
    assert lost(dataclasses.replace(neighbour, name="reader")) is not None  # asked only where there is no champion


def test_a_tag_that_somebody_beside_us_has_just_set_is_no_fault(registry, request_for, monkeypatch):
    """As two who finish one promotion at once, on a database: MLflow looks for the tag, and inserts it."""
    from mlflow.exceptions import MlflowException

    promote(registry, request_for(registry, "d1", None))
    now, set_tag = champion(registry), registry.client.set_tag

    def beaten(run_id: str, key: str, value: str) -> None:
        set_tag(run_id, key, value)
        raise MlflowException("duplicate key value violates unique constraint")

    monkeypatch.setattr(registry.client, "set_tag", beaten)
    bear_witness(registry, now)
    monkeypatch.setattr(registry.client, "set_tag", lambda *_: (_ for _ in ()).throw(MlflowException("no")))
    registry.client.delete_tag(now.run_id, CHAMPION_OF)
    with pytest.raises(MlflowException):
        bear_witness(registry, now)
