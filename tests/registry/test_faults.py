"""Promotion against every fault we can provoke: nothing is lost, and the registry ends in one clean state.

The boundaries of the protocol are found, not listed: a promoter is killed just before its first request, then before its
second, and so on until one ends alive. Nothing of the protocol happens between two requests, so that a kill behind one request
is the kill before the next.
"""

from __future__ import annotations

import itertools
import json
import re
import signal
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ntgate.errors import ChampionMovedError, RegistryError
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.history import history
from ntgate.registry.lock import break_lock, holder, promotion_lock
from ntgate.registry.promotion import promote
from ntgate.registry.repair import reconcile, rollback
from tests.server import Server

DATABASES = ("sqlite", "postgresql")
REGISTRIES = (*DATABASES, "server-on-sqlite", "server-on-postgresql")
SLOW = pytest.mark.slow
# Each database and each sequel once in every test run, all pairs and the servers at night.
SEQUELS = [
    pytest.param(kind, sequel, marks=() if (kind, sequel) in (("sqlite", "rerun"), ("postgresql", "reconcile")) else SLOW)
    for kind in REGISTRIES
    for sequel in ("rerun", "reconcile")
]


def ended(process: Any) -> bool:
    """Wait for a promoter; whether it lived to the end. One that failed in any other way than by the kill fails the test."""
    process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


def alone(registry: Registry, name: str) -> Registry:
    return Registry(registry.client, registry.config, name)


def told(process: Any) -> Any:
    return json.loads(process.answer.read_text())


def states(registry: Registry) -> list[tuple[str, str, bool]]:
    return [(entry.version, entry.state, entry.champion) for entry in history(registry)]


def boundaries(config, registry, promoters, wanted, first: str | None, **settings):
    """For each boundary a model of its own, whose promoter of ``wanted`` was killed there; ends with the one that lived."""
    for number in itertools.count(1):
        here = alone(registry, f"reader-{number}")
        for decision in [] if first is None else first.split():
            seen = champion(here)
            promote(here, wanted.model_copy(update={"decision_id": decision, "champion_seen": seen and seen.version}))
        (victim,) = promoters(config, [wanted], die_at=number, name=here.name, **settings)
        lived = ended(victim)
        yield number, here
        if lived:
            return


@pytest.mark.parametrize(("config", "sequel"), SEQUELS, indirect=["config"])
def test_killed_at_every_boundary_of_a_promotion(config, registry, promoters, request_for, sequel, record_property):
    wanted = request_for(registry, "d2", "1")
    number = 0
    for number, here in boundaries(config, registry, promoters, wanted, first="d1"):
        cut = states(here)
        assert cut[-1] == ("1", "promoted", cut[0][0] == "1" or not cut[0][2]), number
        if sequel == "rerun":
            assert promote(here, wanted) == "2", number
            assert states(here) == [("2", "promoted", True), ("1", "promoted", False)], number
            assert promote(here, wanted) == "2", number
        else:
            once = reconcile(here)
            version = "2" if len(cut) == 2 else "1"  # without a version there is nothing to finish
            assert once.champion == version, number
            assert [entry.state for entry in history(here)] == ["promoted"] * int(version), number
            after = states(here)
            again = reconcile(here)
            assert (again.finished, again.abandoned, again.champion) == (None, (), version), number
            assert states(here) == after, number
        assert champion(here).state == "promoted"
        assert holder(here) is None, number
    assert number > 12  # lock, champion, version, tags, fence, alias, read back, mark, unlock
    record_property("boundaries", number - 1)  # the last of them lived


@pytest.mark.slow
@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_killed_at_every_boundary_of_the_first_promotion(config, registry, promoters, request_for, record_property):
    wanted = request_for(registry, "d1", None)
    number = 0
    for number, here in boundaries(config, registry, promoters, wanted, first=None):
        assert promote(here, wanted) == "1", number
        assert states(here) == [("1", "promoted", True)], number
        assert holder(here) is None, number
    assert number > 12
    record_property("boundaries", number - 1)


def test_killed_at_every_boundary_of_a_rollback(config, registry, promoters, request_for, record_property):
    wanted = request_for(registry, "d9", None)
    number = 0
    clean = {"1": [("2", "rolled_back", False), ("1", "promoted", True)], "2": [("2", "promoted", True), ("1", "promoted", False)]}
    reached = set()
    for number, here in boundaries(config, registry, promoters, wanted, first="d1 d2", act="rollback"):
        before = champion(here).version
        assert reconcile(here).champion == before, number
        assert states(here) == clean[before], number
        if before == "2":
            assert rollback(here) == "1", number
            assert states(here) == clean["1"], number
        assert holder(here) is None, number
        reached.add(before)
    assert reached == {"1", "2"}
    record_property("boundaries", number - 1)


def race(config, registry, promoters, request_for, rounds: list[int]) -> list[str]:
    """As many promoters a round as ``rounds`` says, at once; the decision that won each round, nothing lost between them."""
    processes = promoters(config, [request_for(registry, "d", None)] * max(rounds), act="race", rounds=rounds)
    for process in processes:
        process.join(600)
    answers, winners = [told(process) for process in processes], []
    for number, size in enumerate(rounds):
        seen = str(number) if number else None
        taken = [answer[number] for answer in answers[:size]]
        assert [answer["seen"] for answer in taken] == [seen] * size
        won = [answer for answer in taken if "version" in answer]
        assert {answer["version"] for answer in won} == {str(number + 1)}
        (winner,) = {answer["decision"] for answer in won}  # and whoever repeats the winner's decision wins with it
        winners.append(winner)
        assert {answer["error"] for answer in taken if "error" in answer} <= {"ChampionMovedError"}
        repeated = [answer for answer in taken if answer["decision"] == winner]
        assert repeated == won
    entries = history(registry)
    assert [entry.version for entry in entries] == [str(version) for version in range(len(rounds), 0, -1)]
    assert {entry.state for entry in entries} == {"promoted"}
    follows = [str(version) for version in range(len(rounds) - 1, 0, -1)] + ["none"]
    assert [entry.previous_champion for entry in entries] == follows  # no update is lost
    assert holder(registry) is None
    return winners


@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_five_rounds_of_two_to_eight_promoters(config, registry, promoters, request_for, record_property):
    winners = race(config, registry, promoters, request_for, [2, 8, 3, 5, 6])
    assert len(winners) == 5
    record_property("rounds", len(winners))
    assert (champion(registry).version, champion(registry).decision_id) == ("5", winners[-1])


@pytest.mark.slow
@pytest.mark.parametrize("config", REGISTRIES, indirect=True)
def test_fifty_rounds_of_two_to_eight_promoters(config, registry, promoters, request_for, record_property):
    winners = race(config, registry, promoters, request_for, [2 + number % 7 for number in range(50)])
    assert len(winners) == 50
    record_property("rounds", len(winners))
    assert (champion(registry).version, champion(registry).decision_id) == ("50", winners[-1])


@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_a_holder_that_died_on_another_machine_is_waited_for(config, registry, promoters, request_for):
    wanted = request_for(registry, "d1", None)
    short = config.model_copy(update={"lock_seconds": 4})
    (victim,) = promoters(short, [wanted], die_before="set_registered_model_alias", process="another-boot pid:[4026531836] 17 4711")
    assert not ended(victim)
    found = holder(registry)
    assert not found.dead  # as far as this machine can tell
    began = time.monotonic()
    assert promote(registry, wanted) == "1"
    assert 4 <= time.monotonic() - began < 30
    assert states(registry) == [("1", "promoted", True)]
    assert holder(registry) is None


@pytest.mark.parametrize("hours", [-9, 9])
def test_clocks_that_differ_by_hours_have_no_effect(config, registry, promoters, request_for, hours):
    wanted = request_for(registry, "d1", None)
    (living,) = promoters(config, [wanted], act="hold", skew=3600.0 * hours)
    with promotion_lock(registry) as held:
        living.join(2)  # it waits, whatever its clock says
        assert living.is_alive()
        held.check(registry)
    assert ended(living)
    # A holder with a wrong clock that dies elsewhere: its lease is what others watch, not what its clock says.
    short = config.model_copy(update={"lock_seconds": 4})
    (victim,) = promoters(
        short, [wanted], die_before="set_registered_model_alias", process="another-boot pid:[1] 17 1", skew=3600.0 * hours
    )
    assert not ended(victim)
    began = time.monotonic()
    (heir,) = promoters(config, [wanted], skew=-3600.0 * hours)
    assert ended(heir)
    assert time.monotonic() - began >= 4
    assert told(heir) == {"version": "1"}
    assert states(registry) == [("1", "promoted", True)]


@pytest.mark.parametrize("config", ["sqlite", "postgresql"], indirect=True)  # a server takes no version of a local file
def test_a_champion_moved_by_hand_is_respected(config, registry, request_for, tmp_path):
    promote(registry, request_for(registry, "d1", None))
    foreign = registry.client.create_model_version("reader", (tmp_path / "by-hand").as_uri()).version
    registry.client.set_registered_model_alias("reader", "champion", foreign)
    with pytest.raises(ChampionMovedError, match=f"expected version 1, got version {foreign}; run again") as caught:
        promote(registry, request_for(registry, "d2", "1"))
    assert caught.value.exit_code == 6
    assert states(registry) == [(str(foreign), "foreign", True), ("1", "promoted", False)]
    assert reconcile(registry).champion == str(foreign)  # a version of other hands is no wreck
    assert states(registry) == [(str(foreign), "foreign", True), ("1", "promoted", False)]
    assert promote(registry, request_for(registry, "d2", str(foreign))) == "3"
    assert rollback(registry) == str(foreign)


def test_a_broken_holder_stops_before_the_alias(registry, request_for):
    promote(registry, request_for(registry, "d1", None))

    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name == "create_model_version":
                assert break_lock(registry, holder(registry))
            return getattr(registry.client, name)

    broken: Any = Broken()
    with pytest.raises(RegistryError, match=r"got nobody holds it.*its lock was broken"):
        promote(Registry(broken, registry.config, registry.name), request_for(registry, "d2", "1"))
    assert states(registry) == [("2", "pending", False), ("1", "promoted", True)]
    assert promote(registry, request_for(registry, "d2", "1")) == "2"


class Cut:
    """The client of a registry that goes away just before request number ``number``."""

    def __init__(self, client: Any, number: int, cut: Any) -> None:
        self._client, self._number, self._cut = client, number, cut
        self.sent = 0

    def __getattr__(self, name: str) -> Any:
        self.sent += 1
        if self.sent == self._number:
            self._cut()
        return getattr(self._client, name)


def gone_and_back(registry: Registry, wanted: Any, numbers: Iterable[int], cut: Any, restore: Any) -> list[str]:
    """Promotions cut off at their requests of these numbers, until one has fewer; each run again when the registry is back.

    Returns:
        What each said: an error's sentence, or the version where all that was left to do was to give the lock back.
    """
    said, cut_off = [], []
    for number in numbers:
        here = alone(registry, f"reader-{number}")
        client: Any = Cut(registry.client, number, cut)
        try:
            answer = promote(Registry(client, registry.config, here.name), wanted)
        except RegistryError as error:
            answer = str(error)
        finally:
            restore()
        if client.sent < number:
            break
        moved = champion(here) is not None
        assert moved or answer != "1", number
        assert not moved or "nothing was promoted" not in answer, number
        said.append(answer)
        cut_off.append(here)
    # Each left a lock whose holder, this process, lives: all wait for its lease at the same time.
    patient = registry.config.model_copy(update={"lock_seconds": 120, "wait_seconds": 120})
    with ThreadPoolExecutor(len(cut_off)) as pool:
        again = list(pool.map(lambda here: promote(Registry(here.client, patient, here.name), wanted), cut_off))
    assert again == ["1"] * len(cut_off)
    for here in cut_off:
        assert states(here) == [("1", "promoted", True)], here.name
        assert holder(here) is None, here.name
    return said


@pytest.mark.slow
def test_the_server_is_killed_between_two_requests(tmp_path, empty_database, request_for, record_property):
    with Server(tmp_path, f"sqlite:///{tmp_path / 'server.db'}") as running:
        config = RegistryConfig(uri=running.address, timeout_seconds=60, lock_seconds=20, wait_seconds=60)
        registry = connect(config, "reader")
        wanted = request_for(registry, "d1", None)
        running.kill()
        with pytest.raises(RegistryError, match="connection refused"):  # before
            promote(registry, wanted)
        running.start()
        # After the lock, and just behind the alias.
        said = gone_and_back(registry, wanted, [2, 15], running.kill, running.start)
        assert len(said) == 2
        assert all(re.search("connection refused", sentence) for sentence in said)
        running.kill()
        with pytest.raises(RegistryError, match="connection refused"):  # after
            reconcile(registry)
    record_property("boundaries", len(said) + 2)


@pytest.mark.parametrize("numbers", [[6, 15], pytest.param(None, marks=SLOW)], ids=["two", "all"])
def test_the_database_crashes_between_two_requests(
    postgres_cluster, empty_postgres, tmp_path, request_for, numbers, record_property, monkeypatch
):
    monkeypatch.setenv("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "60")  # many threads, of which each takes two connections
    uri = postgres_cluster.database(empty_postgres)
    config = RegistryConfig(uri=uri, artifact_location=tmp_path.as_uri(), lock_seconds=20, wait_seconds=60)
    registry = connect(config, "reader")
    wanted = request_for(registry, "d1", None)
    said = gone_and_back(registry, wanted, numbers or itertools.count(1), postgres_cluster.crash, postgres_cluster.start)
    sentences = [answer for answer in said if answer != "1"]
    assert all(sentence.startswith("registry postgresql+psycopg://") for sentence in sentences)
    if numbers:
        assert len(sentences) == len(numbers)
    else:  # who gives the lock back looks whose it is, retires it, and sweeps: four requests that nothing depends on
        assert said == [*sentences, *["1"] * 4]
        assert len(sentences) > 12
    record_property("boundaries", len(said))
