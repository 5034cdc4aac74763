"""What comes of a drift check that may call for a run."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.stages.result import RunResult


class Retraining(Frozen):
    """The answer of the run that a drift check called for; None where it called for none."""

    result: RunResult | None

    @property
    def facts(self) -> dict[str, str]:
        """What an orchestrator shows beside it."""
        return {"outcome": self.outcome}

    @property
    def outcome(self) -> str:
        """The gate's verdict, or ``idle``."""
        return "idle" if self.result is None else self.result.outcome
