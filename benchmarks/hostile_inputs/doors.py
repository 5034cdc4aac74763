"""All doors."""

from __future__ import annotations

from hostile_inputs import addresses, arrays, config_numbers, config_texts, labels, pictures, runs, tables, weights
from hostile_inputs.hostile_input import HostileInput

_DOORS = (config_texts, config_numbers, tables, arrays, pictures, weights, labels, runs, addresses)


def all_inputs() -> list[HostileInput]:
    """Every input of every door, each under a name of its own.

    Raises:
        ValueError: when two of a door have the same name.
    """
    found = [one for door in _DOORS for one in door.inputs()]
    names = [(one.door, one.name) for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"more than one input has the name {sorted(twice)[:5]}")
    return found
