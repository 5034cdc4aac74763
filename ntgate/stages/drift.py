"""Drift: how far the target has moved, on the source model's embedding, or on the raw columns of a table."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.stages.ingest import Ingested
from ntgate.stages.listener import Listener

if TYPE_CHECKING:
    from ntgate.shift.report import Representation, ShiftReport
    from ntgate.training.source_model import SourceModel


PAGE = "drift.html"


def measure_shift(config: RunConfig, ingested: Ingested, source: SourceModel | None) -> ShiftReport:
    """The shift between the source rows and the target rows that training may see.

    The test rows take no part: whatever is decided from the shift is decided without them.

    Args:
        config: the run.
        ingested: of a run, or of a drift check.
        source: the model whose embedding is measured; a table is measured on its columns and needs none.
    """
    from ntgate.data.encoder import fit_encoder
    from ntgate.shift.report import measure

    domains = [ingested.part("source"), *ingested.targets()]
    representation: Representation = "raw"
    if source is None or ingested.kind == "table":
        # Fitted to all rows alike: an encoder that knew one sample better than the other would spoil the exact level.
        encoder = fit_encoder(*domains)
        rows = [encoder.encode(part.rows) for part in domains]
    else:
        representation = "embedding"
        rows = _embeddings(source, domains)
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


def drift_page(config: RunConfig, ingested: Ingested) -> Path:
    """The Evidently data-drift report as one HTML page in the run's folder."""
    from ntgate.shift.evidently_report import drift_html

    return drift_html(ingested.part("source"), ingested.targets()[0], ingested.folder / PAGE, seed=config.seed)


@contextmanager
def drift_page_beside(config: RunConfig, ingested: Ingested, listener: Listener) -> Iterator[None]:
    """Make the drift page in a process of its own while the body runs, and wait for it at the end.

    Importing Evidently takes longer than training a small model. The page is for people and no evidence: when it fails, the
    run goes on without it.
    """
    if not config.shift.evidently:
        yield
        return
    arguments = (
        ingested.parts["source"].path,
        ingested.parts["train"].path,
        str(ingested.folder / PAGE),
        str(config.seed),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "ntgate.shift.evidently_report", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield
        _, trouble = process.communicate()
        if process.returncode != 0:
            listener.note(
                f"no drift page: {trouble.strip().splitlines()[-1] if trouble.strip() else 'Evidently failed'}"
            )
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
