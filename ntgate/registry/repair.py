"""Repair of a registry: back to the champion before, and an end to every promotion that was cut short."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.errors import RegistryError
from ntgate.registry.challenger import point_challenger
from ntgate.registry.champion import STATE, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.history import ABANDONED, PENDING, ROLLED_BACK, WAITING, VersionEntry, history
from ntgate.registry.lock import promotion_lock
from ntgate.registry.lost_champion import lost
from ntgate.registry.promotion import finish, move_alias


class Repaired(Frozen):
    """What a repair did.

    Attributes:
        champion: the champion's version afterwards.
        finished: the version whose promotion was completed.
        abandoned: versions that will never be champion, because another became it meanwhile.
    """

    champion: str | None
    finished: str | None = None
    abandoned: tuple[str, ...] = ()


def rollback(registry: Registry) -> str:
    """Give the alias back to the champion before the current one, and return its version.

    Raises:
        RegistryError: when there is no champion, or none before it.
    """
    with translated(registry.config), promotion_lock(registry) as held:
        now = champion(registry)
        kept = {entry.version for entry in history(registry)}
        if now is None or now.previous is None or now.previous not in kept:
            raise RegistryError(
                f"champion of {registry.name}",
                expected="a champion before the current one",
                got="no champion"
                if now is None
                else f"version {now.version}, which follows on "
                + ("none" if now.previous is None else f"version {now.previous}, now deleted"),
                fix="promote another model, or move the alias by hand",
            )
        # Before the alias: a rollback that dies in between leaves the champion, and can be asked for again.
        registry.client.set_model_version_tag(registry.name, now.version, STATE, ROLLED_BACK)
        move_alias(registry, now.previous, held)
        point_challenger(registry)
    return now.previous


def reconcile(registry: Registry) -> Repaired:
    """Finish what a crash cut short: of each pending version, either it becomes champion now or never.

    A pending version passed the gate. It is promoted if its decision still holds, that is if the champion is the one that
    the decision saw; of several such, the newest. Every other pending version is abandoned, and so is one that waits for an
    approval that cannot be given any more, since another became the champion. Doing it twice is doing it once.

    Raises:
        RegistryError: when the registry does not answer, or another promotion does not end.
    """
    with translated(registry.config), promotion_lock(registry) as held:
        now = champion(registry)
        finish(registry, now)
        entries = history(registry)
        pending = [entry for entry in entries if entry.state == PENDING and not entry.champion]
        seen = "none" if now is None else now.version
        gone = now is None and bool(pending) and lost(registry) is not None
        valid = next((entry.version for entry in pending if _holds(entry, seen, gone)), None)
        if valid is not None:
            move_alias(registry, valid, held)
        stands = valid or (now.version if now else None)
        overtaken = [entry for entry in entries if entry.state == WAITING and entry.previous_champion != (stands or "none")]
        abandoned = tuple(entry.version for entry in (*pending, *overtaken) if entry.version not in (valid, stands))
        for version in abandoned:
            registry.client.set_model_version_tag(registry.name, version, STATE, ABANDONED)
        point_challenger(registry)
    return Repaired(champion=valid or (now.version if now else None), finished=valid, abandoned=abandoned)


def _holds(pending: VersionEntry, seen: str, gone: bool) -> bool:
    """Whether the decision behind a pending version saw what is there now.

    A decision that saw no champion does not know of one that came and went since, unless it was allowed to be the first.
    """
    return pending.previous_champion == seen and (not gone or pending.first_allowed)
