"""Approval: no alias without one, whatever dies, races, repeats or comes too late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ntgate.errors import ChampionMovedError, RegistryDeniedError, RegistryError
from ntgate.registry.approval import approve, decline
from ntgate.registry.challenger import CHALLENGER, Terms, propose
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry, connect
from ntgate.registry.fleet import fleet
from ntgate.registry.history import UNTIL, history
from ntgate.registry.lock import holder
from ntgate.registry.overview import look
from ntgate.registry.person import Person, person
from ntgate.registry.promotion import promote
from ntgate.registry.repair import reconcile, rollback
from tests.registry.test_faults import DATABASES, REGISTRIES, boundaries, states, told

ANN = Person(name="ann", account="system:ann")
BOB = Person(name="bob", account="system:bob")


def challenger(registry: Registry) -> str | None:
    found = registry.client.get_registered_model(registry.name).aliases.get(CHALLENGER)
    return None if found is None else str(found)


@pytest.fixture
def waiting(registry, request_for) -> Registry:
    """A champion, version 1, and version 2 that waits for approval."""
    promote(registry, request_for(registry, "d1", None))
    found = propose(registry, request_for(registry, "d2", "1"), Terms())
    assert (found.version, found.champion) == ("2", False)
    return registry


def test_what_passed_waits_as_the_challenger(waiting, request_for):
    assert states(waiting) == [("2", "waiting", False), ("1", "promoted", True)]
    assert challenger(waiting) == "2"
    version = waiting.client.get_model_version("reader", "2")
    assert version.description.startswith("**Waits for approval** until ")
    assert version.description.endswith("`ntgate approve reader 2 --reason WHY`.\n\nbeats scratch")
    found = look(waiting)
    assert (found.waiting, found.pending, found.champion) == (("2",), (), "1")
    assert found.next == "approve or decline version 2: `ntgate approve reader 2 --reason WHY`"
    assert [(model.name, model.champion, model.waiting) for model in fleet(waiting)] == [("reader", "1", ("2",))]
    # A run that is repeated, a reconcile, and a config that wants no approval any more are no ways around it.
    assert propose(waiting, request_for(waiting, "d2", "1"), Terms(days=99)).until == found.versions[0].approval_until
    assert reconcile(waiting).champion == "1"
    with pytest.raises(RegistryError, match=r"expected an approval.*got none so far"):
        promote(waiting, request_for(waiting, "d2", "1"))
    assert states(waiting) == [("2", "waiting", False), ("1", "promoted", True)]


def test_an_approval_moves_the_alias_once_and_says_whose_it_was(waiting, request_for):
    done = approve(waiting, "2", ANN, "looks good")
    assert (done.champion, done.previous, done.by, done.account) == ("2", "1", "ann", "system:ann")
    assert states(waiting) == [("2", "promoted", True), ("1", "promoted", False)]
    assert challenger(waiting) is None
    version = waiting.client.get_model_version("reader", "2")
    assert version.description.startswith("**Approved** by ann (system:ann) on ")
    assert version.description.endswith("UTC: looks good\n\nbeats scratch")
    assert version.tags["ntgate.approval_reason"] == "looks good"
    assert approve(waiting, "2", BOB, "me too") == done  # the first answer stands
    found = propose(waiting, request_for(waiting, "d2", "1"), Terms())
    assert (found.version, found.champion) == ("2", True)
    with pytest.raises(RegistryError, match="state promoted by ann: looks good, the champion; `ntgate rollback`"):
        decline(waiting, "2", BOB, "no")
    assert rollback(waiting) == "1"
    with pytest.raises(RegistryError, match="got one in state rolled_back"):
        approve(waiting, "2", ANN, "again")


def test_a_declined_version_never_comes_back(waiting, request_for):
    done = decline(waiting, "2", ANN, "the sensor was dirty")
    assert (done.champion, done.reason) == ("1", "the sensor was dirty")
    assert decline(waiting, "2", BOB, "me too") == done
    assert challenger(waiting) is None
    assert states(waiting) == [("2", "declined", False), ("1", "promoted", True)]
    with pytest.raises(RegistryError, match="got one in state declined by ann: the sensor was dirty"):
        approve(waiting, "2", BOB, "but")
    for again in (propose, promote):
        with pytest.raises(RegistryError, match="got state declined"):
            again(waiting, request_for(waiting, "d2", "1"), *([Terms()] if again is propose else []))
    assert reconcile(waiting).finished is None
    assert champion(waiting).version == "1"
    assert look(waiting).next == "nothing"


def test_a_champion_that_moved_is_not_replaced(waiting, request_for):
    propose(waiting, request_for(waiting, "d3", "1"), Terms())
    assert (look(waiting).waiting, challenger(waiting)) == (("3", "2"), "3")
    approve(waiting, "2", ANN, "the older one")
    with pytest.raises(ChampionMovedError, match="expected version 1, got version 2; run again"):
        approve(waiting, "3", ANN, "and the newer one")
    assert (look(waiting).waiting, challenger(waiting)) == ((), None)
    assert rollback(waiting) == "1"  # against which the evidence was
    assert approve(waiting, "3", ANN, "then this one").champion == "3"
    propose(waiting, request_for(waiting, "d4", "3"), Terms())
    promote(waiting, request_for(waiting, "d5", "3"))
    assert reconcile(waiting).abandoned == ("4",)
    assert challenger(waiting) is None


def test_an_approval_that_comes_too_late(waiting, request_for):
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    waiting.client.set_model_version_tag("reader", "2", UNTIL, past)
    assert look(waiting).waiting == ()
    with pytest.raises(RegistryError, match="expected an approval in time, got one after "):
        approve(waiting, "2", ANN, "late")
    assert states(waiting)[0] == ("2", "waiting", False)
    propose(waiting, request_for(waiting, "d2", "1"), Terms(days=3))  # the evidence still holds: asked for anew
    assert look(waiting).waiting == ("2",)
    assert approve(waiting, "2", ANN, "in time").champion == "2"


def test_only_those_who_are_named_may_answer(registry, request_for):
    propose(registry, request_for(registry, "d1", None), Terms(approvers=("ann", "eve")))
    for act in (approve, decline):
        with pytest.raises(RegistryDeniedError, match=r"expected one of its approvers, ann, eve.*got system:bob"):
            act(registry, "1", Person(name="ann", account="system:bob"), "I say I am ann")
    assert champion(registry) is None
    assert approve(registry, "1", Person(name="the board", account="system:ann"), "decided on Monday").by == "the board"
    assert states(registry) == [("1", "promoted", True)]


def test_a_version_that_is_not_there(waiting):
    with pytest.raises(RegistryError, match="got no such version; waiting: 2"):
        approve(waiting, "7", ANN, "typo")


def test_the_system_s_user_where_nobody_else_is_known(registry, server, monkeypatch):
    import getpass

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ceo")  # which nobody has checked
    mine = Person(name=getpass.getuser(), account=f"system:{getpass.getuser()}")
    assert person(registry) == mine
    assert person(registry, "the board") == mine.model_copy(update={"name": "the board"})
    assert person(connect(registry.config.model_copy(update={"uri": server}), "reader")) == mine


def wait_first(config: Any, registry: Registry, promoters: Any, request_for: Any, act: str) -> Any:
    """The registries whose answer to version 2 was killed at each boundary; the last of them lived."""

    class Proposing:
        """Proposes version 2 before each victim starts."""

        def __call__(self, config: Any, requests: Any, **settings: Any) -> Any:
            here = Registry(registry.client, registry.config, settings["name"])
            propose(here, request_for(registry, "d2", "1"), Terms())
            return promoters(config, requests, **settings)

    return boundaries(config, registry, Proposing(), request_for(registry, "d2", "1"), first="d1", act=act)


@pytest.mark.slow
@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_killed_at_every_boundary_of_a_proposal(config, registry, promoters, request_for, record_property):
    wanted, number = request_for(registry, "d2", "1"), 0
    for number, here in boundaries(config, registry, promoters, wanted, first="d1", act="propose"):
        assert champion(here).version == "1", number
        assert {entry.state for entry in history(here)} <= {"waiting", "promoted"}, number
        if number % 2:
            reconcile(here)
            assert champion(here).version == "1", number
        propose(here, wanted, Terms())
        assert states(here) == [("2", "waiting", False), ("1", "promoted", True)], number
        assert (challenger(here), holder(here)) == ("2", None), number
    assert number > 12
    record_property("boundaries", number - 1)


@pytest.mark.slow
@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_killed_at_every_boundary_of_an_approval(config, registry, promoters, request_for, record_property):
    number, reached = 0, set()
    for number, here in wait_first(config, registry, promoters, request_for, "approve"):
        tags = here.client.get_model_version(here.name, "2").tags
        given = tags["ntgate.state"] in ("pending", "promoted")
        assert champion(here).version == "1" or given, number  # no alias without an approval
        assert not given or tags["ntgate.approval_by"] == "ann", number
        reached.add((tags["ntgate.state"], champion(here).version))
        if number % 2:
            assert reconcile(here).champion == ("2" if given else "1"), number
        elif given:  # an approval stands, whoever comes next
            with pytest.raises(RegistryError, match="by ann"):
                decline(here, "2", BOB, "too late")
        assert approve(here, "2", BOB, "so say I").by == ("ann" if given else "bob"), number
        assert states(here) == [("2", "promoted", True), ("1", "promoted", False)], number
        assert (challenger(here), holder(here)) == (None, None), number
        assert here.client.get_model_version(here.name, "2").description.startswith("**Approved** by "), number
    assert reached == {("waiting", "1"), ("pending", "1"), ("pending", "2"), ("promoted", "2")}
    record_property("boundaries", number - 1)


@pytest.mark.slow
@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_killed_at_every_boundary_of_a_refusal(config, registry, promoters, request_for, record_property):
    number = 0
    for number, here in wait_first(config, registry, promoters, request_for, "decline"):
        assert champion(here).version == "1", number
        by = "ann" if states(here)[0][1] == "declined" else "bob"
        if number % 2:
            reconcile(here)
        assert decline(here, "2", BOB, "so say I").by == by, number
        assert states(here) == [("2", "declined", False), ("1", "promoted", True)], number
        assert (challenger(here), holder(here)) == (None, None), number
    assert number > 12
    record_property("boundaries", number - 1)


def race(config: Any, registry: Registry, promoters: Any, request_for: Any, rounds: list[int]) -> int:
    """In each round two versions, and as many people as ``rounds`` says who answer at once; how many versions were approved."""
    processes = promoters(config, [request_for(registry, "d", None)] * max(rounds), act="race of answers", rounds=rounds)
    for process in processes:
        process.join(600)
    answers, seen = [told(process) for process in processes], None
    entries = {entry.version: entry for entry in history(registry)}
    for number, size in enumerate(rounds):
        taken = [answer[number] for answer in answers[:size]]
        assert {json.dumps(answer) for answer in taken if answer.get("error", "RegistryError") not in KNOWN} == set()
        approved = {answer["version"] for answer in taken if answer["act"] == "approve" and "version" in answer}
        refused = {answer["version"] for answer in taken if answer["act"] == "decline" and "version" in answer}
        assert len(approved) <= 1
        assert not approved & refused
        for version in (str(2 * number + 1), str(2 * number + 2)):
            entry = entries[version]
            assert entry.previous_champion == (seen or "none")
            wanted = "promoted" if version in approved else "declined" if version in refused else "waiting"
            assert entry.state == wanted, (number, version)
            bys = {answer["by"] for answer in taken if answer.get("version") == version}
            assert bys == ({entry.approval_by} if version in approved | refused else set())
        seen = next(iter(approved), seen)
    now = champion(registry)
    assert (now.version if now else None) == seen
    assert holder(registry) is None
    return sum(entry.state == "promoted" for entry in entries.values())


KNOWN = ("RegistryError", "ChampionMovedError")


@pytest.mark.parametrize("config", DATABASES, indirect=True)
def test_four_rounds_of_people_who_answer_at_once(config, registry, promoters, request_for):
    assert race(config, registry, promoters, request_for, [2, 6, 3, 4]) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("config", REGISTRIES, indirect=True)
def test_fifty_rounds_of_people_who_answer_at_once(config, registry, promoters, request_for, record_property):
    approved = race(config, registry, promoters, request_for, [2 + number % 7 for number in range(50)])
    assert approved > 25
    record_property("rounds", 50)
