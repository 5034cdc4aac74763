"""Back to the champion before, and an end to promotions that were cut short."""

from __future__ import annotations

import signal

import pytest

from ntgate.errors import RegistryError
from ntgate.registry.champion import champion
from ntgate.registry.history import history
from ntgate.registry.promotion import promote
from ntgate.registry.repair import Repaired, reconcile, rollback


def states(registry) -> dict[str, str]:
    return {entry.version: entry.state for entry in history(registry)}


def killed(promoters, config, wanted, before: str) -> None:
    (victim,) = promoters(config, [wanted], die_before=before)
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL


def test_rollback_goes_back_one_champion_at_a_time(registry, request_for):
    for number in range(3):
        promote(registry, request_for(registry, f"d{number}", str(number) if number else None))
    assert rollback(registry) == "2"
    assert champion(registry).version == "2"
    assert states(registry) == {"3": "rolled_back", "2": "promoted", "1": "promoted"}
    assert rollback(registry) == "1"
    with pytest.raises(RegistryError, match="got version 1, which follows on none; promote another model"):
        rollback(registry)
    assert champion(registry).version == "1"
    # What comes next is compared with the champion that is there, and follows on it.
    assert promote(registry, request_for(registry, "d9", "1")) == "4"
    assert rollback(registry) == "1"


def test_rollback_without_a_champion_or_to_a_deleted_version(registry, request_for):
    with pytest.raises(RegistryError, match="got no champion"):
        rollback(registry)
    promote(registry, request_for(registry, "d1", None))
    promote(registry, request_for(registry, "d2", "1"))
    registry.client.delete_model_version("reader", "1")
    with pytest.raises(RegistryError, match="version 1, now deleted"):
        rollback(registry)
    assert champion(registry).version == "2"


def test_reconcile_finishes_a_promotion_whose_decision_still_holds(config, registry, promoters, request_for):
    promote(registry, request_for(registry, "d1", None))
    killed(promoters, config, request_for(registry, "d2", "1"), "set_registered_model_alias")
    assert states(registry) == {"2": "pending", "1": "promoted"}
    assert reconcile(registry) == Repaired(champion="2", finished="2")
    assert states(registry) == {"2": "promoted", "1": "promoted"}
    assert reconcile(registry) == Repaired(champion="2")


def test_reconcile_abandons_a_promotion_that_others_overtook(config, registry, promoters, request_for):
    killed(promoters, config, request_for(registry, "d1", None), "set_registered_model_alias")
    promote(registry, request_for(registry, "d2", None))
    assert states(registry) == {"2": "promoted", "1": "pending"}
    assert reconcile(registry) == Repaired(champion="2", abandoned=("1",))
    assert states(registry) == {"2": "promoted", "1": "abandoned"}
    assert champion(registry).version == "2"


def test_reconcile_marks_a_champion_left_unmarked(config, registry, promoters, request_for):
    killed(promoters, config, request_for(registry, "d1", None), "set_model_version_tag")
    assert states(registry) == {"1": "pending"}
    assert reconcile(registry) == Repaired(champion="1")
    assert states(registry) == {"1": "promoted"}


def test_reconcile_of_nothing(registry):
    assert reconcile(registry) == Repaired(champion=None)
