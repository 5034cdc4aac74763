"""All that is told of a run, from its history and its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

import ntgate
from ntgate.config import RunConfig
from ntgate.stages.history import RunHistory
from ntgate.stages.identity import portable
from ntgate.stages.on_test_rows import by_class
from ntgate.stages.result import RunResult
from ntgate.stages.rows_won_and_lost import disagreement, mistakes

if TYPE_CHECKING:
    from ntgate.report.content import RunReport


def run_report(config: RunConfig, history: RunHistory, result: RunResult) -> RunReport:
    """What the page, the note and the model card are made from."""
    from ntgate.report.content import RunReport

    return RunReport.of(
        result.as_json(),
        model=config.model.name,
        margin=config.gate.margin,
        curves={arm.strategy: [point.model_dump() for point in history.curve(arm)] for arm in history.arms if arm.steps > 0},
        data=_data(history),
        reading=None if history.ingested.reading is None else history.ingested.reading.model_dump(mode="json"),
        by_class=by_class(history),
        disagreement=disagreement(config, history),
        mistakes=mistakes(history),
        config=portable(config),
        baseline=config.registry.baseline,
        created=f"{datetime.fromtimestamp(history.ingested.began, UTC):%Y-%m-%d %H:%M} UTC",
        version=ntgate.__version__,
    )


def _data(history: RunHistory) -> list[dict[str, object]]:
    rows = []
    for name in history.ingested.parts:
        domain = history.ingested.part(name)
        counts = None
        if domain.y is not None:
            counts = dict(zip(domain.classes, np.bincount(domain.y, minlength=len(domain.classes)).tolist(), strict=True))
        fingerprint = history.ingested.fingerprints[name]
        rows.append({"name": name, "rows": len(domain), "classes": counts, "fingerprint": fingerprint})
    return rows
