"""Who is told how a run goes: a progress bar, a log, or nobody."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Told about stages and training progress."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        """An arm was scored on the validation rows."""

    def note(self, text: str) -> None:
        """Something worth a line happened."""


class Silent:
    """Nobody listens."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
