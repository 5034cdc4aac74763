"""The promotion lock on a real database: one holder at a time, whoever dies."""

from __future__ import annotations

import dataclasses
import json
import signal
import threading
import time
from itertools import pairwise

import pytest

from ntgate.errors import RegistryError
from ntgate.registry import lock
from ntgate.registry.client import Registry
from ntgate.registry.lock import promotion_lock

NAME = "reader.ntgate-lock"


def changed(registry: Registry, **settings) -> Registry:
    return Registry(registry.client, registry.config.model_copy(update=settings), registry.name)


def left(registry: Registry) -> list[str]:
    return [model.name for model in registry.client.search_registered_models()]


def left_by(registry: Registry, token: str, lease: str, process: str = "") -> None:
    """A lock that another process left behind."""
    tags = {"ntgate.owner": "elsewhere:1", "ntgate.token": token, "ntgate.lease_seconds": lease, "ntgate.process": process}
    registry.client.create_registered_model(NAME, tags=tags)


def test_it_is_there_while_held_and_gone_after(registry):
    with promotion_lock(registry) as held:
        held.check(registry)
        assert left(registry) == [NAME]
    assert left(registry) == []


def test_it_is_given_back_when_the_promotion_fails(registry):
    with pytest.raises(KeyboardInterrupt), promotion_lock(registry):
        raise KeyboardInterrupt
    assert left(registry) == []


def test_a_second_promotion_waits_and_then_says_who_holds_it(registry):
    began = time.monotonic()
    with (
        promotion_lock(registry) as held,
        pytest.raises(RegistryError) as caught,
        promotion_lock(changed(registry, wait_seconds=1)),
    ):
        pass
    assert 1 <= time.monotonic() - began < 5
    assert caught.value.got == f"{held.owner} holds it"
    assert "for 20 s (registry.wait_seconds)" in caught.value.fix
    assert left(registry) == []


def test_a_silent_holder_elsewhere_is_taken_over_after_its_own_lease(registry):
    left_by(registry, "dead", lease="2")
    began = time.monotonic()
    with promotion_lock(registry) as held:  # its own lease is 20 s
        assert 2 <= time.monotonic() - began < 10
        held.check(registry)
    assert left(registry) == [f"{NAME}.dead"]


def test_the_clock_on_the_wall_does_not_matter(registry, monkeypatch):
    with promotion_lock(registry) as held:
        monkeypatch.setattr(time, "time", lambda: 4e9)  # a machine whose clock is decades ahead
        with pytest.raises(RegistryError, match="holds it"), promotion_lock(changed(registry, wait_seconds=0)):
            pass
        held.check(registry)


def test_a_late_takeover_cannot_retire_the_next_holder(registry):
    left_by(registry, "dead", lease="2")
    assert lock._retire(registry, NAME, "dead")
    with promotion_lock(registry) as held:
        assert not lock._retire(registry, NAME, "dead")  # by one who saw the dead holder, and was slow
        held.check(registry)


def test_a_holder_that_was_taken_over_stops_and_leaves_the_lock_to_its_heir(registry):
    with promotion_lock(changed(registry, lock_seconds=2)) as sleeper:
        with promotion_lock(registry) as heir:  # watches the whole lease of the first
            with pytest.raises(RegistryError, match=f"got {heir.owner} holds it"):
                sleeper.check(registry)
            lock._release(registry, NAME, sleeper.token, in_time=False)
            heir.check(registry)
        with pytest.raises(RegistryError, match="nobody holds it"):
            sleeper.check(registry)


def test_a_holder_past_half_its_lease_stops_though_nobody_came(registry):
    with promotion_lock(registry) as held:
        held.check(registry)
        with pytest.raises(RegistryError, match="held for over 10 s"):
            dataclasses.replace(held, since=held.since - 10.1).check(registry)


def test_retired_locks_are_swept_when_they_are_old(registry, monkeypatch):
    left_by(registry, "dead", lease="2")
    lock._retire(registry, NAME, "dead")
    with promotion_lock(registry):
        pass
    assert left(registry) == [f"{NAME}.dead"]
    monkeypatch.setattr(lock, "_BURIED_SECONDS", -1.0)
    with promotion_lock(registry):
        pass
    assert left(registry) == []


def test_names_with_signs_of_the_filter_language(registry):
    registry.client.create_registered_model("other.ntgate-lock.x")
    for name in ("Ann's", "100_percent", 'say "hi"'):
        with promotion_lock(Registry(registry.client, registry.config, name)):
            pass
    assert left(registry) == ["other.ntgate-lock.x"]


def test_threads_hold_it_one_at_a_time(registry):
    inside, most = [], []

    def hold() -> None:
        with promotion_lock(registry):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=hold) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 6
    assert left(registry) == []


def test_processes_that_find_a_dead_holder_follow_it_one_at_a_time(config, registry, promoters, request_for):
    wanted = request_for(registry, "d", None)
    (victim,) = promoters(config, [wanted], die_before="create_model_version")
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert NAME in left(registry)
    heirs = promoters(config, [wanted] * 4, act="hold")
    for heir in heirs:
        heir.join(60)
    spans = sorted((told["began"], told["ended"]) for told in (json.loads(heir.answer.read_text()) for heir in heirs))
    assert len(spans) == 4
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))
    assert NAME not in left(registry)
