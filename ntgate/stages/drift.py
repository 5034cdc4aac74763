"""Drift: how far the target has moved, on the source model's embedding, or on the raw columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    from ntgate.shift.report import ShiftReport
    from ntgate.training.source_model import SourceModel


def measure_shift(config: RunConfig, ingested: Ingested, source: SourceModel) -> ShiftReport:
    """The shift between the source rows and the target rows that training may see.

    The test rows take no part: whatever is decided from the shift is decided without them.
    """
    from ntgate.shift.report import measure

    view = ingested.view()
    targets = [view.train, view.validation] + ([] if view.unlabelled is None else [view.unlabelled])
    if ingested.kind == "table":
        represent, representation = source.encoder.encode, "raw"
        rows = [represent(part.rows) for part in (view.source, *targets)]
    else:
        representation, rows = "embedding", _embeddings(source, [view.source, *targets])
    return measure(
        rows[0].reshape(len(rows[0]), -1),
        np.concatenate(rows[1:]).reshape(sum(map(len, rows[1:])), -1),
        config.shift,
        config.seed,
        representation=representation,
    )


def _embeddings(source: SourceModel, domains: list[Domain]) -> list[npt.NDArray[np.float32]]:
    from ntgate.training.source import embed

    network = source.load()
    return [embed(network, source.encoder, domain) for domain in domains]


def drift_page(config: RunConfig, ingested: Ingested) -> Artifact:
    """The Evidently data-drift report as one HTML page in the run's folder."""
    from ntgate.shift.evidently_report import drift_html

    view = ingested.view()
    path = drift_html(view.source, view.train, ingested.folder / "drift.html", seed=config.seed)
    return Artifact.of(path)
