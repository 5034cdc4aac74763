"""The answer of a drift check: what ``ntgate drift --json`` prints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.errors import ConfigError
from ntgate.shift.report import ShiftReport
from ntgate.stages.drift import measure_drift
from ntgate.stages.drift_page import write_drift_page
from ntgate.stages.ingest import Ingested
from ntgate.stages.place import Place
from ntgate.stages.run_file import write_run_file
from ntgate.stages.source import Embedder


class DriftCheck(Frozen):
    """The whole answer. The JSON is a contract: keys are added, never dropped; paths are absolute, or addresses.

    Attributes:
        shift: the shift report with its outcome.
        report: the page for people.
        directory: the run's folder, or its address.
    """

    shift: ShiftReport
    report: Artifact
    directory: str

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        shown = ("outcome", "p_value", "effect_size", "mmd2")
        return {name: getattr(self.shift, name) for name in shown}

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {"drift": str(self.report.verified())}

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "schema": 1,
            "outcome": self.shift.outcome,
            "sentence": self.shift.sentence,
            **self.model_dump(mode="json"),
            "report": self.report.path,
        }


def check_drift(config: RunConfig, place: Place, ingested: Ingested, embedder: Embedder) -> DriftCheck:
    """Measure the shift, write the page, and say whether the shift is to be acted upon.

    Raises:
        ConfigError: when there is nothing to measure it from.
    """
    drift = measure_drift(config, ingested, embedder.source)
    if drift is None:
        raise ConfigError(
            "data.source",
            expected="source rows to measure a shift from, or their features beside the model's weights",
            got="neither",
            fix="add 'source', or name the models/source.safetensors of an earlier run, beside which its features lie",
        )
    told = () if ingested.reading is None else ingested.reading.notes
    drift = replace(drift, report=drift.report.model_copy(update={"notes": (*told, *drift.report.notes)}))
    page = write_drift_page(config, place.folder, drift)
    write_run_file(place, config, "drift", ingested.began, drift.report.outcome)
    return DriftCheck(shift=drift.report, report=page, directory=place.address)
