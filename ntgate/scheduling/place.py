"""What every place of schedules can do, and a schedule put into one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ntgate.errors import ConfigError
from ntgate.scheduling.job import Job


class Place(Protocol):
    """Where schedules stand: systemd, a crontab, an orchestrator."""

    def text(self, job: Job) -> str:
        """The schedule in the place's own words."""

    def standing(self, name: str) -> str | None:
        """The words of the schedule ``name`` that stands there."""

    def install(self, job: Job) -> str | None:
        """Make the schedule; a sentence when something is left to do."""

    def remove(self, name: str) -> None:
        """Take the schedule away."""


class Placed(NamedTuple):
    """What became of a schedule.

    Attributes:
        outcome: ``written``, ``unchanged``, ``removed`` or ``absent``.
        places: by name.
        note: what is left to do.
    """

    outcome: str
    places: tuple[str, ...]
    note: str | None = None


def put(job: Job, chosen: str, places: Mapping[str, Place], *, replace: bool) -> Placed:
    """Make the schedule in the chosen place, unless it stands there already.

    Raises:
        ConfigError: when another schedule of the same config stands anywhere, and is not to be replaced.
    """
    standing = {name: found for name, place in places.items() if (found := place.standing(job.name)) is not None}
    if standing == {chosen: places[chosen].text(job)}:
        return Placed("unchanged", (chosen,))
    if standing and not replace:
        raise ConfigError(
            str(job.config),
            expected="no other schedule of this config",
            got=f"one with {' and '.join(standing)}",
            fix="add --replace, or take it away with --remove",
        )
    for name in standing:
        places[name].remove(job.name)
    return Placed("written", (chosen,), places[chosen].install(job))


def take_away(name: str, places: Mapping[str, Place]) -> Placed:
    """Remove the schedule ``name`` wherever it stands."""
    standing = [where for where, place in places.items() if place.standing(name) is not None]
    for where in standing:
        places[where].remove(name)
    return Placed("removed" if standing else "absent", tuple(standing))
