"""What a hostile input is: a command line over files that were made for it, and the exit codes that are right for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where an input is made.

    Attributes:
        folder: a project with its data, configs, runs and registry, as `project.write` leaves it.
        canary: a file that must not exist afterwards: code in an input makes it.
        secret: a password that must not be shown, nor kept but where the input itself has it.
        run: the folder of an inconclusive run that has asked for labels.
    """

    folder: Path
    canary: Path
    secret: str
    run: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the project, with the folders above it; what was there before goes, be it a link."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


Make = Callable[[Place], Sequence[str]]


@dataclass(frozen=True)
class HostileInput:
    """One input.

    Attributes:
        door: where it is given.
        name: what it is, for people.
        make: writes it, and returns the words of the command line.
        codes: the exit codes that are right.
        several: whether more than one sentence may be said, since more than one thing is wrong.
        environment: variables of the command; ``{secret}`` in one stands for the password.
    """

    door: str
    name: str
    make: Make
    codes: frozenset[int]
    several: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def validating(config: str, *settings: str) -> Sequence[str]:
    """The words that check a config, with what is set in it."""
    return ["validate", config, *(word for setting in settings for word in ("--set", setting))]
