"""Drift: how far the target has moved, on the source model's embedding, or on the raw columns of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.config import RunConfig
from ntgate.data.domain import Domain, joined
from ntgate.errors import DataError
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    from ntgate.shift.columns.features import Features
    from ntgate.shift.proportions.class_proportions import LabelShift
    from ntgate.shift.report import ShiftReport
    from ntgate.shift.task.tasks import TaskDifference
    from ntgate.training.source_model import SourceModel

Floats = npt.NDArray[np.float32]

FROM_MEMORY = "There are no source rows: their features that lie beside the source model's weights are compared."
_MOST_COLUMNS = 2048  # of a row, for distances between rows
_MOST_JUDGED = 5000  # source rows that class proportions are judged by


@dataclass(frozen=True, eq=False)
class Drift:
    """A shift report with the rows that it is about.

    Attributes:
        report: the shift report.
        source: the source rows.
        target: the target rows that training may see, behind each other, without labels.
        features: both in terms that people know; None where the source rows are known as the network's features alone.
        measured: both as they were measured, ``(n, d)`` and ``(m, d)``.
        blocks: the feature that each measured number belongs to; None where each is its own.
    """

    report: ShiftReport
    source: Domain
    target: Domain
    features: Features | None
    measured: tuple[Floats, Floats]
    blocks: tuple[str, ...] | None = None


def measure_drift(config: RunConfig, ingested: Ingested, source: SourceModel | None) -> Drift | None:
    """The shift between the source rows and the target rows that training may see, and what moved.

    The test rows take no part: whatever is decided from the shift is decided without them. Where there are no source rows, it is
    measured from their features that lie beside the source model's weights; without them there is nothing to measure: None.

    Args:
        config: the run.
        ingested: of a run, or of a drift check.
        source: the model whose embedding is measured; a table is measured on its columns and needs none.
    """
    from ntgate.shift.attribution.attribution import drift_attribution
    from ntgate.shift.columns.features import named_features
    from ntgate.shift.judgement import Tested
    from ntgate.shift.report import measure

    if not ingested.has_source:
        return _from_memory(config, ingested, source)
    before, targets = ingested.part("source"), ingested.targets()
    after = joined(targets, "target")
    features = named_features(before, after)
    embedded = source is not None and ingested.kind != "table"
    if embedded:
        assert source is not None
        measured = _embedded(source, before, after)
    elif ingested.kind == "table":
        # Read alike in all rows: a form that knew one sample better than the other would spoil the exact level.
        measured = features.source, features.target
    else:
        measured = _flat(before), _flat(after)
    blocks = features.labels if ingested.kind == "table" else None
    tested = features.tested(seed=config.seed)
    report = measure(
        *measured,
        config.shift,
        config.seed,
        representation="embedding" if embedded else "raw",
        blocks=blocks,
        # Nearly all sets of images differ in the brightness of their patches; what the model makes of them decides.
        tested=tested if _columns(before) else Tested((), (), ()),
        notes=features.notes,
    )
    attribution = drift_attribution(
        features.source,
        features.target,
        features.names,
        labels=features.labels,
        tested=tested,
        # The features that are said to have moved are those of the verdict; patches of images have no part in it.
        alpha=report.features_level or config.shift.alpha,
        adjustment="holm" if report.features_level else "bh",
        seed=config.seed,
    )
    # Labelled rows were chosen to be labelled, so unlabelled ones tell the proportions of the classes; they come last.
    unlabelled = measured[1][-ingested.rows.get("unlabelled", len(after)) :]
    more: dict[str, Any] = {
        "attribution": attribution,
        "label_shift": _label_shift(config, before, measured[0], unlabelled),
        "task": _task_difference(config, before, targets, measured, embedded=embedded),
    }
    return Drift(report.model_copy(update=more), before, after, features, measured, blocks)


def _from_memory(config: RunConfig, ingested: Ingested, source: SourceModel | None) -> Drift | None:
    """The shift from what is remembered of the source."""
    from ntgate.shift.judgement import Tested
    from ntgate.shift.report import measure
    from ntgate.training.source import embed
    from ntgate.training.source_reference import remembered

    if source is None or source.reference is None:
        return None
    before, targets = remembered(source.reference.verified()).domain, ingested.targets()
    after, network = joined(targets, "target"), source.load()
    measured = _flat(before), embed(network, source.encoder, after)
    nothing = Tested((), (), ())
    report = measure(*measured, config.shift, config.seed, representation="embedding", tested=nothing, notes=(FROM_MEMORY,))
    unlabelled = measured[1][-ingested.rows.get("unlabelled", len(after)) :]
    more = {
        "label_shift": _label_shift(config, before, measured[0], unlabelled),
        "task": _task_difference(config, before, targets, measured, embedded=False),
    }
    return Drift(report.model_copy(update=more), before, after, None, measured)


def _columns(domain: Domain) -> bool:
    """Whether each number of a row is a column of its own, as in tables and vectors, and not a pixel."""
    return not isinstance(domain.rows, np.ndarray) or domain.rows.ndim == 2


def _embedded(source: SourceModel, before: Domain, after: Domain) -> tuple[Floats, Floats]:
    from ntgate.training.source import embed

    network = source.load()
    return embed(network, source.encoder, before), embed(network, source.encoder, after)


def _flat(domain: Domain) -> Floats:
    assert isinstance(domain.rows, np.ndarray)
    return domain.rows.reshape(len(domain), -1).astype(np.float32)


def _label_shift(config: RunConfig, source: Domain, rows: Floats, target: Floats) -> LabelShift | None:
    """Class proportions of the target rows ``(m, d)``, judged by a classifier of the source rows; None where they are too few."""
    from ntgate.shift import held_out_predictions, label_shift
    from ntgate.shift.columns.robust_scale import scaled
    from ntgate.shift.proportions.explained import explained

    chosen = np.random.default_rng(config.seed).permutation(len(rows))[:_MOST_JUDGED]
    labels = source.labels[chosen]
    try:
        predicted = held_out_predictions(rows[chosen], labels, target, classes=source.classes, seed=config.seed)
        found = label_shift(labels, predicted.source, predicted.target, source.classes, alpha=config.shift.alpha, seed=config.seed)
        judged, others = scaled(rows[chosen], target, seed=config.seed)
        return explained(found, judged, labels, others, seed=config.seed)
    except DataError:
        return None


def _task_difference(
    config: RunConfig, source: Domain, targets: list[Domain], measured: tuple[Floats, Floats], *, embedded: bool
) -> TaskDifference | None:
    """How the classes of both domains compare; None where no target row has a label."""
    from ntgate.shift import task_difference

    labelled = [target for target in targets if target.y is not None]
    if not labelled:
        return None
    count = sum(map(len, labelled))  # they come first
    try:
        return task_difference(
            measured[0],
            source.labels,
            source.classes,
            measured[1][:count],
            np.concatenate([target.labels for target in labelled]),
            labelled[0].classes,
            raw=(_some_columns(source), np.concatenate([_some_columns(target) for target in labelled])) if embedded else None,
            alpha=config.shift.alpha,
            seed=config.seed,
        )
    except DataError:
        return None


def _some_columns(domain: Domain) -> Floats:
    """The rows as they are, of large images every so many pixels: distances between them need no more."""
    flat = _flat(domain)
    return flat[:, :: max(1, flat.shape[1] // _MOST_COLUMNS)]
