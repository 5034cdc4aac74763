"""The answer of a drift check: what ``ntgate drift --json`` prints."""

from __future__ import annotations

from typing import Any

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.shift.report import ShiftReport
from ntgate.stages.drift import measure_drift
from ntgate.stages.drift_page import write_drift_page
from ntgate.stages.ingest import Ingested
from ntgate.stages.run_file import finish
from ntgate.stages.source import Embedder


class DriftCheck(Frozen):
    """The whole answer. The JSON is a contract: keys are added, never dropped; paths are absolute.

    Attributes:
        shift: the shift report with its outcome.
        report: the page for people.
        directory: the run's folder.
    """

    shift: ShiftReport
    report: str
    directory: str

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        shown = ("outcome", "p_value", "effect_size", "mmd2")
        return {name: getattr(self.shift, name) for name in shown}

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {"drift": self.report}

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "schema": 1,
            "outcome": self.shift.outcome,
            "sentence": self.shift.sentence,
            **self.model_dump(mode="json"),
        }


def check_drift(config: RunConfig, ingested: Ingested, embedder: Embedder) -> DriftCheck:
    """Measure the shift, write the page, and say whether the shift is to be acted upon."""
    drift = measure_drift(config, ingested, embedder.source)
    page = write_drift_page(config, ingested, drift)
    finish(ingested.folder, outcome=drift.report.outcome)
    return DriftCheck(shift=drift.report, report=str(page), directory=ingested.directory)
