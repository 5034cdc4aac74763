"""Progress in a step's log, where ZenML's dashboard and whoever waits at a terminal see it."""

from __future__ import annotations

import time


class StepLines:
    """A line a stage and a line an arm, on standard output, which ZenML keeps as the step's log."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._told: dict[str, int] = {}

    def stage(self, name: str) -> None:
        """One line."""
        self._say(name)

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        """A line where a quarter of the arm's budget ends."""
        quarter = 4 * step // steps if steps else 0
        if quarter > self._told.get(arm, 0):
            self._told[arm] = quarter
            self._say(f"  {arm}: step {step} of {steps}, validation {validation:.3f}")

    def note(self, text: str) -> None:
        """One line."""
        self._say(f"  {text}")

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)  # noqa: T201
