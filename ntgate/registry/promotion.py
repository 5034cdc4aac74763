"""Promotion: one version a decision, one alias, moved last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from shlex import quote as quoted
from types import MappingProxyType

from ntgate.base import Frozen
from ntgate.errors import ChampionMovedError, RegistryError
from ntgate.registry import standing
from ntgate.registry.champion import ALIAS, DECISION, PREVIOUS, STATE, Champion, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.faults import START
from ntgate.registry.history import ABANDONED, DECLINED, FIRST_ALLOWED, PENDING, PROMOTED, ROLLED_BACK, WAITING
from ntgate.registry.lock import Held, promotion_lock
from ntgate.registry.lost_champion import bear_witness, lost
from ntgate.registry.new_version import create_version, only_oldest, tagged

_ATTEMPTS = 5


class PromotionRequest(Frozen):
    """A decision to promote.

    Attributes:
        decision_id: identifies the decision; promoting it twice is promoting it once.
        champion_seen: version of the champion that the decision was made against; None: there was none.
        run_id: the arm's MLflow run.
        model_id: its logged model.
        description: of the version, in Markdown.
        tags: further tags of the version.
        champion_itself: whether the model is the champion seen: then that version stays the champion, and no other is made.
        allow_first: whether it may be the first although a champion had been there before, and is gone.
    """

    decision_id: str
    champion_seen: str | None
    run_id: str
    model_id: str
    description: str
    tags: Mapping[str, str] = {}
    champion_itself: bool = False
    allow_first: bool = False


def promote(registry: Registry, request: PromotionRequest) -> str:
    """Make the decision's version the champion, and return the version.

    A crash at any point leaves the champion as it was, or as it should be: a rerun finds the version by its decision and
    goes on from there.

    Raises:
        ChampionMovedError: when the champion is no longer the one that the decision saw.
        RegistryError: when the registry does not answer, or another promotion does not end.
    """
    before = f"{START}, and run again; nothing was promoted"
    with translated(registry.config, fix=before), promotion_lock(registry) as held:
        now = champion(registry)
        if now is not None and now.decision_id == request.decision_id:
            standing.champion_is(registry.name, now.version)
            with translated(registry.config, fix=_after(registry)):
                finish(registry, now)
            return now.version
        finish(registry, now)
        refuse_moved(registry, now, request.champion_seen, allow_first=request.allow_first)
        if now is not None and request.champion_itself:
            standing.champion_is(registry.name, now.version)
            return now.version
        version = version_of(registry, request, PENDING)
        _refuse_waiting(registry, version)
        move_alias(registry, version, held)
    return version


def refuse_moved(registry: Registry, now: Champion | None, seen: str | None, *, allow_first: bool) -> None:
    """Refuse a promotion whose decision was made against another champion than the one that is there ``now``.

    Raises:
        ChampionMovedError: when it was, or when there is none any more where the decision took the model for one without.
    """
    found = None if now is None else now.version
    if found != seen:
        raise ChampionMovedError(
            f"champion of {registry.name}",
            expected=_called(seen),
            got=_called(found),
            fix="run again, to be compared with the new champion; nothing was promoted",
        )
    gone = None if now is not None or allow_first else lost(registry)
    if gone is not None:
        # Promoted and lost since the decision.
        raise ChampionMovedError(
            f"champion of {registry.name}",
            expected="a model that never had one",
            got=f"none any more: {gone}",
            fix="see `ntgate status`, and run again; nothing was promoted",
        )


def move_alias(registry: Registry, version: str, held: Held) -> None:
    """Make ``version`` the champion, read it back, and mark it as promoted.

    Raises:
        ChampionMovedError: when something else moved the alias at the same time.
        RegistryError: when the lock was lost before; the champion is as it was then.
    """
    with translated(registry.config, fix=_after(registry)):
        _move_alias(registry, version, held)
        now = champion(registry)
        if now is None or now.version != version:
            raise ChampionMovedError(
                f"champion of {registry.name}",
                expected=_called(version),
                got=_called(now.version if now else None),
                fix="look at the registry: something else moves the alias",
            )
        standing.champion_is(registry.name, version)
        finish(registry, now)


def finish(registry: Registry, now: Champion | None) -> None:
    """Mark the champion as promoted where a crash behind the alias left it unmarked."""
    if now is not None and now.state is not None and now.state != PROMOTED:
        bear_witness(registry, now)
        registry.client.set_model_version_tag(registry.name, now.version, STATE, PROMOTED)


def version_of(registry: Registry, request: PromotionRequest, state: str, tags: Mapping[str, str] = MappingProxyType({})) -> str:
    """The version of this decision: the one that a run before us created, or a new one in this ``state``, with further ``tags``.

    Raises:
        RegistryError: when somebody rolled this very decision back or declined it, or it was abandoned: a scheduled rerun must not
            bring it back.
    """
    mine = {DECISION: request.decision_id}
    if not tagged(registry, mine):
        made = {**mine, **tags, STATE: state, PREVIOUS: request.champion_seen or "none"}
        if request.allow_first:
            made[FIRST_ALLOWED] = "true"
        create_version(registry, request.run_id, request.model_id, request.description, {**request.tags, **made})
    version = only_oldest(registry, tagged(registry, mine))
    found = registry.client.get_model_version(registry.name, version).tags.get(STATE)
    if found in (ROLLED_BACK, ABANDONED, DECLINED):
        raise RegistryError(
            f"version {version} of {registry.name}",
            expected="a decision that nobody has given up",
            got=f"state {found}",
            fix="retrain on other data or settings; to serve this version all the same, move the alias by hand",
        )
    return version


def _refuse_waiting(registry: Registry, version: str) -> None:
    """A run that wants no approval is no way around the one that this very decision waits for."""
    if registry.client.get_model_version(registry.name, version).tags.get(STATE) == WAITING:
        raise RegistryError(
            f"version {version} of {registry.name}",
            expected="an approval, which an earlier run of this decision has asked for",
            got="none so far",
            fix=f"ntgate approve {quoted(registry.name)} {version} --reason WHY; nothing was promoted",
        )


def _move_alias(registry: Registry, version: str, held: Held) -> None:
    """The one irreversible act. The first alias of a model can fail under a race in MLflow: then again."""
    from mlflow.exceptions import MlflowException

    for attempt in range(_ATTEMPTS):
        held.check(registry)
        standing.asked(registry.name, version)
        try:
            registry.client.set_registered_model_alias(registry.name, ALIAS, version)
            return
        except MlflowException:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.1 * 2**attempt)


def _after(registry: Registry) -> str:
    return f"{START}, and see `ntgate status {registry.name}`: the alias may have moved; `ntgate reconcile` finishes it"


def _called(version: str | None) -> str:
    return "no champion" if version is None else f"version {version}"
