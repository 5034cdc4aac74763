"""Adoption: a version that a team serves already becomes the champion, on somebody's word, which is kept beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from ntgate.errors import RegistryError
from ntgate.registry.champion import PREVIOUS, STATE, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.history import ADOPTED, ADOPTED_BECAUSE, ADOPTED_BY, FOREIGN, PENDING, history
from ntgate.registry.lock import promotion_lock
from ntgate.registry.promotion import move_alias


def adopt(registry: Registry, version: str, *, by: str, reason: str) -> str | None:
    """Make ``version`` the champion without a decision of the gate, and return the champion before it.

    Doing it twice is doing it once; a crash in between leaves a pending version, which ``reconcile`` finishes.

    Args:
        registry: of the model.
        version: made by other means than ntgate: one of ntgate's own becomes champion by its decision, or by a rollback.
        by: who answers for it.
        reason: in a sentence.

    Raises:
        RegistryError: when there is no such version, ntgate made it, or the registry does not answer.
        ChampionMovedError: when something else moved the alias at the same time.
    """
    with translated(registry.config), promotion_lock(registry) as held:
        entries = {entry.version: entry for entry in history(registry)}
        entry, now = entries.get(version), champion(registry)
        if entry is None:
            raise RegistryError(
                f"version {version} of {registry.name}",
                expected="a version of this model",
                got=f"versions {', '.join(entries) or 'none'}",
                fix="name one of them",
            )
        adopted = ADOPTED_BY in registry.client.get_model_version(registry.name, version).tags
        if entry.state != FOREIGN and not adopted:
            raise RegistryError(
                f"version {version} of {registry.name}",
                expected="a version made by other means than ntgate",
                got=f"one of ntgate's, in state {entry.state}",
                fix="run again for a decision, `ntgate reconcile` to finish one, or `ntgate rollback`",
            )
        if now is not None and now.version == version and adopted:
            move_alias(registry, version, held)  # marks what a crash left unmarked
            return now.previous
        before = None if now is None or now.version == version else now.version
        marks = {
            ADOPTED_BY: by,
            ADOPTED_BECAUSE: reason,
            ADOPTED: datetime.now(UTC).isoformat(timespec="seconds"),
            PREVIOUS: before or "none",
            STATE: PENDING,  # the last, so that whoever finishes it finds the rest
        }
        for tag, value in marks.items():
            registry.client.set_model_version_tag(registry.name, version, tag, value)
        move_alias(registry, version, held)
    return before
