"""Approval: somebody's word that moves the champion's alias to a version that waits for it, or never does.

The protocol is that of a promotion: under its lock, against the champion that the decision saw, and the alias last. Who, why and
when are written first and the state behind them, so that whoever finishes what a crash cut short finds them there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ntgate.base import Frozen
from ntgate.errors import RegistryDeniedError, RegistryError
from ntgate.markdown import escaped
from ntgate.registry.challenger import answered, passed, point_challenger
from ntgate.registry.champion import STATE, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.history import ACCOUNT, AT, BY, DECLINED, PENDING, PROMOTED, REASON, WAITING, VersionEntry, history
from ntgate.registry.lock import promotion_lock
from ntgate.registry.outcome_mark import mark_answer
from ntgate.registry.person import Person
from ntgate.registry.promotion import finish, move_alias, refuse_moved


class Answered(Frozen):
    """How a version's approval was answered.

    Attributes:
        version: its number.
        by: who answered for it; that of the first answer where there had been one.
        account: by which account: ``mlflow:NAME`` where the server knows its users, else ``system:NAME``.
        reason: why.
        at: when, in UTC, as ISO 8601.
        champion: the champion afterwards; None: there is none.
        previous: where it was approved, the champion before it.
    """

    version: str
    by: str
    account: str
    reason: str
    at: str
    champion: str | None
    previous: str | None = None


def approve(registry: Registry, version: str, person: Person, reason: str) -> Answered:
    """Make a version that waits for approval the champion. Doing it twice is doing it once.

    Raises:
        ChampionMovedError: when the champion is no longer the one that the version's evidence was against.
        RegistryDeniedError: when this person may not.
        RegistryError: when it does not wait, its time has passed, or the registry does not answer; the champion stays then.
    """
    with translated(registry.config), promotion_lock(registry) as held:
        entry = _entry(registry, version)
        now = champion(registry)
        agreed = entry.state == PENDING and entry.approval_by is not None  # by somebody whom a crash cut short
        if not (entry.champion and entry.state == PROMOTED and entry.approval_by is not None):
            if not agreed:
                _refuse(registry, entry, person, "approve")
            previous = None if entry.previous_champion in (None, "none") else entry.previous_champion
            if not entry.champion:
                finish(registry, now)
                refuse_moved(registry, now, previous, allow_first=entry.first_allowed)
            if not agreed:
                _write(registry, version, person, reason, PENDING)
            move_alias(registry, version, held)
        told = _answer(registry, version)
        answered(registry, version, f"**Approved** by {_whom(told)}: {escaped(told.reason)}")
        point_challenger(registry)
    mark_answer(registry, version, "promoted", told.by, told.reason)
    return told


def decline(registry: Registry, version: str, person: Person, reason: str) -> Answered:
    """End the waiting of a version: it will never be the champion. Doing it twice is doing it once.

    Raises:
        RegistryDeniedError: when this person may not.
        RegistryError: when it does not wait, or the registry does not answer.
    """
    with translated(registry.config), promotion_lock(registry):
        entry = _entry(registry, version)
        if entry.state != DECLINED:
            _refuse(registry, entry, person, "decline")
            _write(registry, version, person, reason, DECLINED)
        told = _answer(registry, version)
        answered(registry, version, f"**Declined** by {_whom(told)}: {escaped(told.reason)}")
        point_challenger(registry)
    mark_answer(registry, version, DECLINED, told.by, told.reason)
    return told


def _entry(registry: Registry, version: str) -> VersionEntry:
    entries = {entry.version: entry for entry in history(registry)}
    if version not in entries:
        waiting = [entry.version for entry in entries.values() if entry.state == WAITING]
        raise RegistryError(
            f"version {version} of {registry.name}",
            expected="a version of this model that waits for approval",
            got=f"no such version; waiting: {', '.join(waiting) or 'none'}",
            fix=f"see `ntgate status {registry.name}`",
        )
    return entries[version]


def _refuse(registry: Registry, entry: VersionEntry, person: Person, act: str) -> None:
    """Whatever keeps this person from answering for this version, but for the champion."""
    subject = f"version {entry.version} of {registry.name}"
    if entry.state != WAITING:
        by = f" by {entry.approval_by}: {entry.approval_reason}" if entry.approval_by else ""
        fix = "`ntgate rollback` takes a champion back" if entry.champion else f"see `ntgate status {registry.name}`"
        raise RegistryError(
            subject,
            expected="a version that waits for approval",
            got=f"one in state {entry.state}{by}{', the champion' if entry.champion else ''}",
            fix=fix,
        )
    if entry.approvers and person.account_name not in entry.approvers:
        raise RegistryDeniedError(
            subject,
            expected=f"one of its approvers, {', '.join(entry.approvers)} (gate.approvers)",
            got=person.account,
            fix="ask one of them; nothing was changed",
        )
    if act == "approve" and passed(entry.approval_until):
        raise RegistryError(
            subject,
            expected="an approval in time",
            got=f"one after {entry.approval_until} (gate.approval_days)",
            fix="run again, which asks for it anew where the evidence still holds; nothing was promoted",
        )


def _write(registry: Registry, version: str, person: Person, reason: str, state: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for tag, value in {BY: person.name, ACCOUNT: person.account, REASON: reason, AT: at, STATE: state}.items():
        registry.client.set_model_version_tag(registry.name, version, tag, value)


def _answer(registry: Registry, version: str) -> Answered:
    tags, now = registry.client.get_model_version(registry.name, version).tags, champion(registry)
    return Answered(
        version=version,
        by=tags[BY],
        account=tags.get(ACCOUNT, ""),
        reason=tags[REASON],
        at=tags[AT],
        champion=None if now is None else now.version,
        previous=None if now is None or now.version != version else now.previous,
    )


def _whom(told: Answered) -> str:
    return f"{escaped(told.by)} ({escaped(told.account)}) on {told.at[:16].replace('T', ' ')} UTC"
