"""What has to hold after a command was struck and run again, and in which of four ways it may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from moments.state import State
from moments.story import Told

Broken: TypeAlias = dict[str, str]
WAYS = {
    "decision": "decisions changed",
    "versions": "versions lost or doubled",
    "rows": "test rows granted twice",
    "end": "ended otherwise than the undisturbed",
    "internal": "exit 1",
}
_CODES = {0, 3, 4, 6, 7}


def compared(told: Told, state: State, code: int) -> Broken:
    """What differs from the command that nothing disturbed, and from its repetition."""
    either = (told.state, told.repeated)
    broken: Broken = {}
    if state.answer not in [one.answer for one in either] or state.closed not in [one.closed for one in either]:
        broken["decision"] = f"{state.answer}, expected {told.state.answer}"
    if _numbered(state) not in [_numbered(one) for one in either]:
        broken["versions"] = f"{state.versions}, expected {told.state.versions}"
    if state.opened not in [one.opened for one in either]:
        broken["rows"] = f"{state.opened}, expected {told.state.opened}"
    ends = {
        "exit code": code in told.codes,
        "aliases": dict(state.aliases) in [dict(one.aliases) for one in either],
        "states": state.versions in [one.versions for one in either],
        "locks": not state.locks,
        "recorded": dict(state.recorded) in [dict(one.recorded) for one in either],
    }
    if not all(ends.values()):
        broken["end"] = f"{[name for name, held in ends.items() if not held]}: exit {code}, {state.aliases}, {state.recorded}"
    return broken


def respected(state: State, model: str, moved: str, code: int) -> Broken:
    """What is wrong where another hand gave the alias to the version ``moved``: whoever took it from there must have seen it."""
    broken: Broken = {}
    champion = state.aliases.get((model, "champion"))
    previous = {(name, version): before for name, version, _, _, before in state.versions}
    if champion != moved and previous.get((model, champion or "")) != moved:
        broken["decision"] = f"the champion is {champion}, and {moved} was overwritten unseen"
    decisions = Counter((name, decision) for name, _, decision, _, _ in state.versions if decision not in ("baseline", "none"))
    if any(number > 1 for number in decisions.values()):
        broken["versions"] = str(state.versions)
    if any(number > 1 for number in _by_comparison(state).values()):
        broken["rows"] = str(state.opened)
    if code not in _CODES or state.locks:
        broken["end"] = f"exit {code}, locks {state.locks}"
    return broken


def _by_comparison(state: State) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for entry, number in state.opened.items():
        found[entry[3]] += number
    return found


def _numbered(state: State) -> Mapping[tuple[str, str], int]:
    """How many versions stand for each decision of a model."""
    return Counter((model, decision) for model, _, decision, _, _ in state.versions)
