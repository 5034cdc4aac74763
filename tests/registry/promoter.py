"""A promoter in a process of its own, which can be killed at a boundary of the protocol. Run by the fixture ``promoters``."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ntgate.errors import RegistryError
from ntgate.registry import lock
from ntgate.registry.approval import approve, decline
from ntgate.registry.challenger import Terms, propose
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.lock import promotion_lock
from ntgate.registry.person import Person
from ntgate.registry.promotion import PromotionRequest, promote
from ntgate.registry.repair import rollback


class Mortal:
    """The client, which kills its process just before the named call, or just before its request number ``number``."""

    def __init__(self, client: Any, fatal: str | None, number: int | None = None) -> None:
        self._client, self._fatal, self._number, self._sent = client, fatal, number, 0

    def __getattr__(self, name: str) -> Any:
        self._sent += 1
        if name == self._fatal or self._sent == self._number:
            os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self._client, name)


def main(given: Mapping[str, Any]) -> None:
    if given["process"] is not None:
        lock.this_process = lambda: given["process"]  # type: ignore[attr-defined]  # as on another machine
    if given["skew"]:
        wall = time.time
        time.time = lambda: wall() + given["skew"]  # a machine whose clock is wrong
    registry = connect(RegistryConfig(**given["config"]), given["name"])
    if given["die_before"] or given["die_at"]:
        mortal: Any = Mortal(registry.client, given["die_before"], given["die_at"])
        registry = Registry(mortal, registry.config, registry.name)
    given["barrier"].wait(120)
    answer = ACTS[given["act"]](registry, PromotionRequest(**given["request"]), given)
    Path(given["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def promoted(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Promote once."""
    try:
        return {"version": promote(registry, request)}
    except RegistryError as error:
        return {"error": type(error).__name__, "sentence": str(error)}


def rolled_back(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Go back to the champion before."""
    return {"version": rollback(registry)}


def held(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Hold the lock for a moment, and write down when."""
    answer = {}
    with promotion_lock(registry):
        answer["began"] = time.monotonic()
        time.sleep(0.3)
        answer["ended"] = time.monotonic()
    return answer


def raced(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    """In each round: see the champion, wait until all the others have seen it, and promote against it.

    Two neighbours share a decision, as a run and its repetition do. In a round of ``n`` the first ``n`` promoters take part.
    """
    told: list[dict[str, Any] | None] = []
    for number, size in enumerate(given["rounds"]):
        now = champion(registry)
        seen = now.version if now else None
        given["barrier"].wait(300)
        if given["number"] < size:
            decision = f"round{number}-{given['number'] // 2}"
            mine = request.model_copy(update={"decision_id": decision, "champion_seen": seen})
            told.append({"seen": seen, "decision": decision, **promoted(registry, mine, given)})
        else:
            told.append(None)
        given["barrier"].wait(300)
    return told


def proposed(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for an approval."""
    return propose(registry, request, Terms()).model_dump()


def answered(act: Callable[..., Any], registry: Registry, version: str, who: str) -> dict[str, Any]:
    """Approve or decline a version once."""
    try:
        told = act(registry, version, Person(name=who, account=f"system:{who}"), f"because of {who}")
    except RegistryError as error:
        return {"error": type(error).__name__, "sentence": str(error)}
    return {"version": told.version, "by": told.by, "champion": told.champion}


def approved(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Approve version 2."""
    return answered(approve, registry, "2", "ann")


def declined(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Decline version 2."""
    return answered(decline, registry, "2", "ann")


def answers_raced(registry: Registry, request: PromotionRequest, given: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    """In each round: the first proposes two versions; then each approves one of them, but for every third, who declines one."""
    told: list[dict[str, Any] | None] = []
    for number, size in enumerate(given["rounds"]):
        if given["number"] == 0:
            now = champion(registry)
            for which in "ab":
                seen = now.version if now else None
                mine = request.model_copy(update={"decision_id": f"round{number}-{which}", "champion_seen": seen})
                propose(registry, mine, Terms())
        given["barrier"].wait(300)
        if given["number"] < size:
            version = str(2 * number + 1 + given["number"] % 2)
            act = decline if given["number"] % 3 == 2 else approve
            told.append({"asked": version, "act": act.__name__, **answered(act, registry, version, f"person{given['number']}")})
        else:
            told.append(None)
        given["barrier"].wait(300)
    return told


ACTS: dict[str, Callable[..., Any]] = {
    "promote": promoted,
    "rollback": rolled_back,
    "hold": held,
    "race": raced,
    "propose": proposed,
    "approve": approved,
    "decline": declined,
    "race of answers": answers_raced,
}

if "barrier" in globals():  # run by the fixture, not imported
    main(globals())
