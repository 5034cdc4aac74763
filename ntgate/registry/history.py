"""The versions of a registered model and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ntgate.base import Frozen
from ntgate.registry.baseline import BASELINE, ROLE
from ntgate.registry.champion import DECISION, PREVIOUS, STATE, champion
from ntgate.registry.client import Registry, named, translated

PENDING, PROMOTED, ROLLED_BACK, ABANDONED, FOREIGN = "pending", "promoted", "rolled_back", "abandoned", "foreign"
WAITING, DECLINED = "waiting", "declined"
FIRST_ALLOWED = "ntgate.first_allowed"
UNTIL, APPROVERS = "ntgate.approval_until", "ntgate.approvers"
BY, ACCOUNT, REASON, AT = "ntgate.approval_by", "ntgate.approval_account", "ntgate.approval_reason", "ntgate.approval_at"

ADOPTED_BY, ADOPTED_BECAUSE, ADOPTED = "ntgate.adopted_by", "ntgate.adopted_because", "ntgate.adopted_at"
GAIN = "ntgate.gain"


class VersionEntry(Frozen):
    """One version.

    Attributes:
        version: its number.
        champion: whether it carries the alias.
        state: ``waiting`` for an approval, ``declined``, ``pending``, ``promoted``, ``rolled_back``, ``abandoned``, ``baseline``
            for a version that nothing promoted, or ``foreign`` for one that ntgate did not make.
        decision_id: the decision it stands for.
        strategy: how it was trained.
        previous_champion: the champion that the decision saw; ``none``: there was none.
        first_allowed: whether somebody allowed it to be the first although a champion had been there before.
        run_id: the MLflow run that made it.
        created: when, in UTC, as ISO 8601.
        approval_until: the moment up to which it may be approved, in UTC, as ISO 8601; None where nobody was asked.
        approvers: the accounts that may approve or decline it; empty: all that the registry lets write.
        approval_by: who approved or declined it, or began to; ``approval_reason`` why, ``approval_at`` when.
        gain: over scratch with its interval, as its run told it.
        adopted_by: who made it the champion though ntgate did not make it; ``adopted_because`` why, ``adopted_at`` when.
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
    approval_until: str | None = None
    approvers: tuple[str, ...] = ()
    approval_by: str | None = None
    approval_reason: str | None = None
    approval_at: str | None = None
    gain: str | None = None
    adopted_by: str | None = None
    adopted_because: str | None = None
    adopted_at: str | None = None

    def may_be_approved(self, seen: str | None) -> bool:
        """Whether it waits, its time has not passed, and ``seen`` is the champion that its evidence was against."""
        return may_be_approved({STATE: self.state, UNTIL: self.approval_until or "", PREVIOUS: self.previous_champion or ""}, seen)


def may_be_approved(tags: Mapping[str, str], seen: str | None) -> bool:
    """Whether a version with these tags waits, in time, with evidence against the champion ``seen``; None: there is none."""
    until = tags.get(UNTIL)
    return (
        tags.get(STATE) == WAITING
        and bool(until)
        and datetime.now(UTC) < datetime.fromisoformat(str(until))
        and tags.get(PREVIOUS) == (seen or "none")
    )


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
            approval_until=known.tags.get(UNTIL),
            approvers=tuple(filter(None, known.tags.get(APPROVERS, "").split(","))),
            approval_by=known.tags.get(BY),
            approval_reason=known.tags.get(REASON),
            approval_at=known.tags.get(AT),
            gain=known.tags.get(GAIN),
            adopted_by=known.tags.get(ADOPTED_BY),
            adopted_because=known.tags.get(ADOPTED_BECAUSE),
            adopted_at=known.tags.get(ADOPTED),
        )
        for known in sorted(found, key=lambda known: int(known.version), reverse=True)
    ]
