"""What this process knows of the champion, for whoever has to say how things stand when it ends before its time.

A process runs one command, and a command moves one alias. What is known is kept here and not handed up, because an interrupt, a
full disk or a closed pipe may come between any two lines.
"""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """What is known of a promotion.

    Attributes:
        name: the registered model.
        version: its version; None where the promotion is another process's.
        champion: True where the alias was read back; None where it was asked to move, and no answer is known.
    """

    name: str
    version: str | None
    champion: bool | None


_known: list[Standing] = []


def forget() -> None:
    """Nothing has been asked of a registry: the state at the start of a command."""
    _known.clear()


def asked(name: str, version: str) -> None:
    """The request that moves the alias is about to be sent."""
    _known[:] = [Standing(name, version, None)]


def champion_is(name: str, version: str) -> None:
    """The alias was read back."""
    _known[:] = [Standing(name, version, True)]


def elsewhere(name: str) -> None:
    """Another process, on a cluster, may move the alias, whatever becomes of this one."""
    _known[:] = [Standing(name, None, None)]


def known() -> Standing | None:
    """What is known; None where no alias was to be moved."""
    return _known[0] if _known else None


def sentence() -> str:
    """How things stand, to follow what went wrong.

    >>> forget()
    >>> sentence()
    'nothing was promoted'
    >>> champion_is("reader", "3")
    >>> sentence()
    'version 3 of reader is the champion'
    >>> asked("reader", "4")
    >>> sentence()
    'version 4 of reader may be the champion: see `ntgate status reader`; `ntgate reconcile reader` finishes what was cut short'
    >>> forget()
    """
    found = known()
    if found is None:
        return "nothing was promoted"
    if found.champion:
        return f"version {found.version} of {found.name} is the champion"
    if found.version is None:
        return f"the pipeline may go on where it runs: see `ntgate status {found.name}`"
    return (
        f"version {found.version} of {found.name} may be the champion: see `ntgate status {found.name}`; "
        f"`ntgate reconcile {found.name}` finishes what was cut short"
    )
