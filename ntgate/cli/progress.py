"""Progress for people: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ntgate.cli import console, signals

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Lines:
    """A line a stage and a line an arm, for logs; none where that is wished."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began, self._quiet = time.monotonic(), quiet

    def _say(self, text: str) -> None:
        signals.check()
        if not self._quiet:
            console.note(f"[{time.monotonic() - self._began:5.1f} s] {text}")

    def stage(self, name: str) -> None:
        """One line."""
        self._say(name)

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        """A line only where the arm's budget ends; early stopping shows in the result."""
        signals.check()
        if step == steps:
            self._say(f"  {arm}: step {step}, validation {validation:.3f}")

    def note(self, text: str) -> None:
        """One line."""
        self._say(f"  {text}")


class Bars:
    """A bar an arm."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._arms: dict[str, TaskID] = {}

    def stage(self, name: str) -> None:
        """A line above the bars."""
        signals.check()
        self._bars.console.print(name, highlight=False)

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        """Move the arm's bar."""
        signals.check()
        if arm not in self._arms:
            self._arms[arm] = self._bars.add_task(arm, total=steps, score="")
        self._bars.update(self._arms[arm], completed=step, score=f"validation {validation:.3f}")

    def note(self, text: str) -> None:
        """A line above the bars."""
        signals.check()
        self._bars.console.print(f"  {text}", style="dim", highlight=False)


@contextmanager
def listener(*, quiet: bool = False) -> Iterator[Lines | Bars]:
    """Bars when standard error is a terminal, lines when it is not; nothing where that is wished."""
    if quiet or not sys.stderr.isatty():
        yield Lines(quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("  {task.description:<20}"),
        BarColumn(28),
        TextColumn("{task.completed:>5.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[score]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bars:
        yield Bars(bars)
