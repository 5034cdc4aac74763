"""The versions of a registered model and how they came about."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.promotion import DECISION, PREVIOUS, STATE


class VersionEntry(Frozen):
    """One version.

    Attributes:
        version: its number.
        champion: whether it carries the alias.
        state: ``pending``, ``promoted``, or ``foreign`` for a version that ntgate did not make.
        decision_id: the decision it stands for.
        strategy: how it was trained.
        previous_champion: the champion that the decision saw.
    """

    version: str
    champion: bool
    state: str
    decision_id: str | None
    strategy: str | None
    previous_champion: str | None


def history(registry: Registry) -> list[VersionEntry]:
    """All versions, the newest first."""
    now = champion(registry)
    with translated(registry.config):
        found = registry.client.search_model_versions(f"name='{registry.name}'", max_results=10_000)
    return [
        VersionEntry(
            version=str(known.version),
            champion=now is not None and now.version == str(known.version),
            state=known.tags.get(STATE, "foreign"),
            decision_id=known.tags.get(DECISION),
            strategy=known.tags.get("ntgate.strategy"),
            previous_champion=known.tags.get(PREVIOUS),
        )
        for known in sorted(found, key=lambda known: int(known.version), reverse=True)
    ]
