"""All that a drift report tells, as plain values: whoever measured them, and however."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from ntgate.report.category_shares import CategoryShare
from ntgate.report.histogram import Histogram
from ntgate.report.projection import Projection
from ntgate.report.told import Interval, Number, Told, finite
from ntgate.shift.judgement import MovedFeature

DriftOutcome: TypeAlias = Literal["none", "tolerated", "shift"]

_PNG = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+={0,2}")


def _finite_four(value: Any) -> Any:
    """Quantiles of which one is not there are no quantiles."""
    known = isinstance(value, Sequence) and len(value) == 4
    return tuple(value) if known and all(isinstance(q, int | float) and math.isfinite(q) for q in value) else None


def _png(value: Any) -> Any:
    """A picture is a PNG inside the page; anything else is no picture, and nothing is ever loaded."""
    return value if isinstance(value, str) and _PNG.fullmatch(value) else None


Quantiles: TypeAlias = Annotated[tuple[float, float, float, float] | None, BeforeValidator(_finite_four)]
Picture: TypeAlias = Annotated[str | None, BeforeValidator(_png)]


class DriftTold(Told):
    """Base of what a drift report tells: it may be read from a dictionary or from another result's attributes."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class FeatureRow(DriftTold):
    """One feature, how far it moved, and its values in both domains.

    Attributes:
        name: of the column, or of the dimension.
        kind: whether it has a ``histogram`` or ``shares``.
        effect: how far it moved; features are ranked by it.
        p_adjusted: p-value, adjusted for the number of features.
        moved: whether the shift of this feature is shown.
        direction: what moved: a text, or the mean of the target less that of the source in standard deviations.
        histogram: of a numeric feature, from :func:`ntgate.report.histogram.histogram`.
        shares: of a category's values, from :func:`ntgate.report.category_shares.category_shares`.
    """

    name: str
    kind: Literal["numeric", "category"] = "numeric"
    effect: Number = None
    p_adjusted: Number = None
    moved: bool = False
    direction: Annotated[float | str | None, BeforeValidator(finite)] = None
    histogram: Histogram | None = None
    shares: tuple[CategoryShare, ...] = ()


class ClassShare(DriftTold):
    """One class: its share of the source rows, and its estimated share of the target rows with an interval."""

    name: str
    source: Number = None
    target: Number = None
    interval: Interval = None


class LabelShift(DriftTold):
    """How the classes' proportions changed: one share a class, and the change in words."""

    shares: tuple[ClassShare, ...] = ()
    p_value: Number = None
    sentence: str = ""


class Counterpart(DriftTold):
    """A target class that looks like a source class of another name.

    Attributes:
        target: its name.
        source: the class that it looks like.
        rows_nearer: share of its rows that are nearer to that class than to the one of its own name.
        p_value: of the hypothesis that it does not look so.
    """

    target: str
    source: str
    rows_nearer: Number = None
    p_value: Number = None


class ClassDifference(DriftTold):
    """A class of both domains, and how differently its rows are distributed in the target."""

    name: str
    effect_size: Number = None
    p_value: Number = None
    status: str = ""


class TaskDifference(DriftTold):
    """How the classes of the two domains compare.

    Attributes:
        shared: names in both domains.
        only_source: names that the target has not.
        only_target: names that the source has not.
        swapped: target classes that look like a source class of another name.
        conditionals: one entry a shared class.
        sentence: the difference in words.
    """

    shared: tuple[str, ...] = ()
    only_source: tuple[str, ...] = ()
    only_target: tuple[str, ...] = ()
    swapped: tuple[Counterpart, ...] = ()
    conditionals: tuple[ClassDifference, ...] = ()
    sentence: str = ""


class TypicalRow(DriftTold):
    """A row that the witness function finds most typical of its domain.

    Attributes:
        row: its position among the measured rows, as in ``Projection.source_rows``: the point is marked.
        name: what people call it.
        witness: value of the witness function.
        image: a small PNG as a data URI, from :func:`ntgate.report.thumbnail.thumbnail`.
    """

    row: int | None = None
    name: str = ""
    witness: Number = None
    image: Picture = None


class Typical(DriftTold):
    """The rows most typical of each domain, most typical first."""

    source: tuple[TypicalRow, ...] = ()
    target: tuple[TypicalRow, ...] = ()


class DriftReport(DriftTold):
    """The shift between two domains as people read it.

    Attributes:
        outcome: ``none`` shown, one within what is ``tolerated``, or a ``shift`` beyond it.
        sentence: the verdict in the words of whoever decided.
        model: name of the registered model.
        alpha: level of all tests together.
        joint_level: the part of it that ``p_value`` is compared with.
        features_level: the level of all features together.
        features_tested: how many features were tested on their own; 0: as many as are listed.
        features_moved: how many of them are shown to have moved.
        moved: those, greatest effect first.
        notes: what about the columns stood in the way of a comparison.
        tolerated_effect: effect size up to which a shift is tolerated; 0 and None: none is.
        mmd2: signed unbiased MMD^2 at the middle bandwidth.
        p_value: of the permutation test over all bandwidths.
        null_quantiles: the 50, 90, 95 and 99 % quantiles of ``mmd2`` under permutation.
        effect_size: coefficient of inhomogeneity, from 0 to 1.
        effect_interval: its 95 % interval.
        proxy_a_distance: ``2 (1 - 2 error)`` of a domain classifier.
        proxy_a_distance_interval: its 95 % interval.
        permutations: of the test.
        bandwidths: of the kernels, ascending.
        n_source: source rows measured.
        n_target: target rows measured.
        representation: what was measured: ``raw``, ``embedding``, or in words.
        seconds: wall time of the measurement.
        features: in any order; the page ranks them.
        projection: both domains in two dimensions.
        label_shift: the classes' proportions.
        task: the classes themselves.
        typical: rows most typical of each domain.
        evidently_href: relative path of the Evidently page, when one was written; no link, which a sandbox would not follow.
        created: when it was measured, as text.
        version: of ntgate.

    >>> report = DriftReport.of({"outcome": "shift", "p_value": float("nan"), "null_quantiles": [0, 1, 2, 3]}, alpha=0.05)
    >>> report.p_value, report.null_quantiles, report.projection
    (None, (0.0, 1.0, 2.0, 3.0), None)
    """

    outcome: DriftOutcome
    sentence: str = ""
    model: str | None = None
    alpha: Number = None
    joint_level: Number = None
    features_level: Number = None
    features_tested: int = 0
    features_moved: int = 0
    moved: tuple[MovedFeature, ...] = ()
    notes: tuple[str, ...] = ()
    tolerated_effect: Number = None
    mmd2: Number = None
    p_value: Number = None
    null_quantiles: Quantiles = None
    effect_size: Number = None
    effect_interval: Interval = None
    proxy_a_distance: Number = None
    proxy_a_distance_interval: Interval = None
    permutations: int | None = None
    bandwidths: tuple[float, ...] = ()
    n_source: int | None = None
    n_target: int | None = None
    representation: str | None = None
    seconds: Number = None
    features: tuple[FeatureRow, ...] = ()
    projection: Projection | None = None
    label_shift: LabelShift | None = None
    task: TaskDifference | None = None
    typical: Typical | None = None
    evidently_href: str | None = None
    created: str | None = None
    version: str | None = None
