"""The versions of a registered model and how they came about."""

from __future__ import annotations

from datetime import UTC, datetime

from ntgate.base import Frozen
from ntgate.registry.baseline import BASELINE, ROLE
from ntgate.registry.champion import DECISION, PREVIOUS, STATE, champion
from ntgate.registry.client import Registry, named, translated

PENDING, PROMOTED, ROLLED_BACK, ABANDONED, FOREIGN = "pending", "promoted", "rolled_back", "abandoned", "foreign"
FIRST_ALLOWED = "ntgate.first_allowed"


class VersionEntry(Frozen):
    """One version.

    Attributes:
        version: its number.
        champion: whether it carries the alias.
        state: ``pending``, ``promoted``, ``rolled_back``, ``abandoned``, ``baseline`` for a version that nothing promoted, or
            ``foreign`` for one that ntgate did not make.
        decision_id: the decision it stands for.
        strategy: how it was trained.
        previous_champion: the champion that the decision saw; ``none``: there was none.
        first_allowed: whether somebody allowed it to be the first although a champion had been there before.
        run_id: the MLflow run that made it.
        created: when, in UTC, as ISO 8601.
    """

    version: str
    champion: bool
    state: str
    decision_id: str | None
    strategy: str | None
    previous_champion: str | None
    first_allowed: bool = False
    run_id: str | None = None
    created: str | None = None


def history(registry: Registry) -> list[VersionEntry]:
    """All versions, the newest first.

    Raises:
        RegistryError: when the registry does not answer.
    """
    now = champion(registry)
    with translated(registry.config):
        found = registry.client.search_model_versions(named(registry.name), max_results=10_000)
    return [
        VersionEntry(
            version=str(known.version),
            champion=now is not None and now.version == str(known.version),
            state=known.tags.get(STATE, BASELINE if known.tags.get(ROLE) == BASELINE else FOREIGN),
            decision_id=known.tags.get(DECISION),
            strategy=known.tags.get("ntgate.strategy"),
            previous_champion=known.tags.get(PREVIOUS),
            first_allowed=known.tags.get(FIRST_ALLOWED) == "true",
            run_id=known.run_id or None,
            created=datetime.fromtimestamp(known.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        )
        for known in sorted(found, key=lambda known: int(known.version), reverse=True)
    ]
