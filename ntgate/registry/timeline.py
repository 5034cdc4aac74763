"""The champions of a model one after another: since when, by which gain, and why."""

from __future__ import annotations

from collections.abc import Sequence

from ntgate.base import Frozen
from ntgate.registry.history import PROMOTED, ROLLED_BACK, VersionEntry


class Reign(Frozen):
    """A version that became the champion.

    Attributes:
        version: its number.
        since: when it was approved, adopted or, by the gate alone, made; in UTC, as ISO 8601.
        gain: over scratch with its interval, as the run told it; None: it was adopted, or by an earlier ntgate.
        because: why, in words.
        rolled_back: whether it was taken back.
        champion: whether it is the champion now.
    """

    version: str
    since: str | None
    gain: str | None = None
    because: str
    rolled_back: bool = False
    champion: bool = False


def timeline(versions: Sequence[VersionEntry]) -> tuple[Reign, ...]:
    """Those among ``versions`` that were champions, the latest first.

    >>> facts = {"champion": True, "decision_id": "d", "strategy": "committee", "previous_champion": "none"}
    >>> made = VersionEntry(version="1", state="promoted", created="2026-11-20T03:17:00+00:00", gain="+4.2 points", **facts)
    >>> [(reign.since[:10], reign.gain, reign.because) for reign in timeline([made])]
    [('2026-11-20', '+4.2 points', 'passed every rule')]
    """
    reigns = [
        Reign(
            version=entry.version,
            since=entry.approval_at or entry.adopted_at or entry.created,
            gain=entry.gain,
            because=_because(entry),
            rolled_back=entry.state == ROLLED_BACK,
            champion=entry.champion,
        )
        for entry in versions
        if entry.champion or entry.state in (PROMOTED, ROLLED_BACK)
    ]
    return tuple(sorted(reigns, key=lambda reign: reign.since or "", reverse=True))


def _because(entry: VersionEntry) -> str:
    if entry.adopted_by is not None:
        return f"adopted by {entry.adopted_by}: {entry.adopted_because}"
    if entry.approval_by is not None:
        return f"passed every rule, approved by {entry.approval_by}: {entry.approval_reason}"
    return "made by other means" if entry.decision_id is None else "passed every rule"
