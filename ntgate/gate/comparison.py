"""Two arms on the same test rows: the gain, its interval, its p-value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.betting import betting_p_value, confidence_sequence
from ntgate.evaluation.clusters import too_few_clusters
from ntgate.evaluation.cross_fitting import cross_fitted_test
from ntgate.evaluation.gained import correct, counts
from ntgate.evaluation.power import rows_needed
from ntgate.evaluation.seeds import bootstrapped_gain_over_seeds, gain_over_seeds
from ntgate.gate.allowance import Counts
from ntgate.gate.config import GateConfig
from ntgate.gate.decision import OverSeeds
from ntgate.gate.evidence import Evidence, Scores
from ntgate.metrics.row_mean import RowMean
from ntgate.metrics.tested import Level, Pair, Tested

_ROWS_OF_SEEDS = 2  # with fewer the rows' part of the variance is unknown


@dataclass(frozen=True)
class Comparison:
    """What the same test rows say about two arms.

    Attributes:
        first: score of the arm that is to be better.
        second: score of the other.
        gain: by how much the first is better: ``first - second``, or the reverse of a metric whose smaller values are better.
        interval: of the gain, two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most ``margin``.
        counts: rows that only the first, and only the second, gets right; None for metrics that do not count rows.
        note: what the reader has to know about how it was compared.
        streamed: of a stream, the rows of all its openings; None: the test rows are all that there are.
        count_needed: counts :attr:`needed`, which can take seconds and is asked for only where nothing is shown; None: it cannot be
            said.
    """

    first: float
    second: float
    gain: float
    interval: tuple[float, float]
    p_value: float
    counts: tuple[int, int] | None
    note: str = ""
    streamed: int | None = None
    count_needed: Callable[[], int | None] | None = None

    @cached_property
    def needed(self) -> int | None:
        """About how many test rows would show a gain like this with 80 % power; None where it cannot be said."""
        return None if self.count_needed is None else self.count_needed()

    @property
    def remark(self) -> str:
        """The note as a sentence, with a space before it; empty where there is none."""
        return f" {self.note[0].upper()}{self.note[1:]}." if self.note else ""


def compare(
    y: npt.NDArray[np.int64],
    first: Scores,
    second: Scores,
    config: GateConfig,
    *,
    margin: float,
    seed: int,
    groups: npt.NDArray[np.str_] | None = None,
    constant: bool = False,
) -> Comparison:
    """Compare two arms' scores ``(n, c)`` on the labels ``y`` ``(n,)``.

    The metric says by which test. Where rows have groups, few of them show nothing whatever the test. ``constant`` says that one
    arm always gives the same answer.
    """
    metric = config.metric
    pair = Pair(y, np.asarray(first, np.float64), np.asarray(second, np.float64), groups, constant)
    values = metric.value(y, pair.first), metric.value(y, pair.second)
    few = None if groups is None else too_few_clusters(groups, config.alpha)
    if few is None:
        found = metric.judged(pair, Level(config.alpha, margin, config.resamples, seed))
    else:
        found = Tested((-metric.span, metric.span), 1.0, note=few)
    return Comparison(
        *values, metric.better_by(*values), found.interval, found.p_value, found.counts, found.note, count_needed=found.count_needed
    )


def bet(
    y: npt.NDArray[np.int64], first: Scores, second: Scores, earlier: Counts, config: GateConfig, *, margin: float
) -> Comparison:
    """As :func:`compare`, on these rows and the ``earlier`` ones of a stream, valid whenever it is asked.

    The scores are those on the rows that are new; ``earlier`` are the rows gained, tied and lost before. What is
    compared is the accuracy.
    """
    gained, tied, lost = (a + b for a, b in zip(earlier, counts(y, first, second), strict=True))
    n = gained + tied + lost
    right = [float(correct(y, arm).sum()) for arm in (first, second)]
    return Comparison(
        first=right[0] / len(y) if len(y) else float("nan"),
        second=right[1] / len(y) if len(y) else float("nan"),
        gain=(gained - lost) / n,
        interval=confidence_sequence(gained, tied, lost, config.alpha),
        p_value=betting_p_value(gained, tied, lost, margin),
        counts=(gained, lost),
        note=f"the gain is over {n} rows of the stream",
        streamed=n,
        count_needed=partial(rows_needed, gained / n, lost / n, config.alpha, margin=margin, bets=True),
    )


def over_seeds(
    y: npt.NDArray[np.int64],
    first: Sequence[Scores],
    second: Sequence[Scores],
    config: GateConfig,
    *,
    seed: int,
    groups: npt.NDArray[np.str_] | None = None,
) -> OverSeeds:
    """The gain of each seed's pair of arms, and of their mean with its interval over seeds and rows (or groups of rows)."""
    metric = config.metric
    firsts, seconds = ([np.asarray(scores, np.float64) for scores in arm] for arm in (first, second))
    if isinstance(metric, RowMean) and groups is None:
        differences = [metric.differences(y, one, other) for one, other in zip(firsts, seconds, strict=True)]
        found = gain_over_seeds(np.stack(differences), config.alpha)
    else:
        found = bootstrapped_gain_over_seeds(
            metric,
            y,
            firsts,
            seconds,
            sign=1 if metric.greater_is_better else -1,
            alpha=config.alpha,
            resamples=config.resamples,
            seed=seed,
            groups=groups,
        )
    return OverSeeds(gains=found.gains, gain=found.gain, interval=found.interval)


@dataclass(frozen=True, eq=False)
class Case:
    """What every rule is given: the evidence, the gate's settings, and the comparisons, each computed once."""

    evidence: Evidence
    config: GateConfig
    seed: int = 0

    @cached_property
    def over_scratch(self) -> Comparison | None:
        """The candidate against scratch; None when either has no usable scores."""
        return self._over("scratch", self.config.margin)

    @cached_property
    def over_champion(self) -> Comparison | None:
        """The candidate against the champion, with the allowed loss as a negative margin; None as above."""
        return self._over("champion", -self.config.champion_margin)

    @cached_property
    def over_uncompressed(self) -> Comparison | None:
        """The compressed candidate against the one that it was made from, with the allowed loss as a negative margin."""
        return self._over("uncompressed", -self.config.compression_margin)

    @cached_property
    def over_constant(self) -> Comparison | None:
        """The candidate against always answering the commonest class of the target's training rows; None as above."""
        return self._over("constant", 0.0)

    @cached_property
    def learners_over(self) -> dict[str, Comparison]:
        """Each learner of scratch against the candidate, on the rows at hand; none where these have no usable scores."""
        found = {name: self.between(name, "candidate", 0.0) for name in self.evidence.learners}
        return {name: one for name, one in found.items() if one is not None}

    @cached_property
    def over_learners(self) -> dict[str, Comparison]:
        """The candidate against each of them, at the level at which it has to be better; none where that is not asked.

        Of a stream it is not: one look at one batch shows little.
        """
        if self.config.learner_alpha is None or self._streams:
            return {}
        asked = replace(self, config=self.config.model_copy(update={"alpha": self.config.learner_alpha}))
        found = {name: asked.between("candidate", name, 0.0) for name in self.evidence.learners}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def _streams(self) -> bool:
        """Whether the rows at hand are the last of a stream that is bet on."""
        allowance = self.evidence.allowance
        return allowance is not None and allowance.policy == "e_process"

    def between(self, first: str, second: str, margin: float) -> Comparison | None:
        """Any two arms on the rows at hand; of a stream it is one look of many."""
        one, other = self.evidence.usable(first), self.evidence.usable(second)
        if one is None or other is None or not len(self.evidence.y):
            return None
        return compare(
            self.evidence.y,
            one,
            other,
            self.config,
            margin=margin,
            seed=self.seed,
            groups=self.evidence.groups,
            constant=first == "constant",
        )

    @property
    def constant_guess(self) -> str:
        """What the constant guess does, in words."""
        return self.config.metric.constant_in_words(str(self.evidence.constant_class))

    def value(self, name: str) -> float | None:
        """An arm's score on the rows at hand; None where it has no usable scores."""
        scores = self.evidence.usable(name)
        return None if scores is None or not len(scores) else self.config.metric.value(self.evidence.y, scores)

    @cached_property
    def over_seeds(self) -> OverSeeds | None:
        """The gain over scratch of every seed's pair, before any compression; None where no further seed has usable scores."""
        evidence = self.evidence
        first, second = (evidence.usable("uncompressed" if evidence.compressed else "candidate"), evidence.usable("scratch"))
        more = evidence.candidate_seeds, evidence.scratch_seeds
        if first is None or second is None or more[0] is None or more[1] is None:
            return None
        firsts, seconds = (first, *more[0]), (second, *more[1])
        if len(evidence.y) < _ROWS_OF_SEEDS or not all(np.isfinite(scores).all() for scores in (*firsts, *seconds)):
            return None
        return over_seeds(evidence.y, firsts, seconds, self.config, seed=self.seed, groups=evidence.groups)

    @property
    def n(self) -> int:
        """Rows that the verdict rests on: those at hand, and in a stream those that this comparison has bet on before."""
        allowance = self.evidence.allowance
        earlier = allowance.earlier if allowance is not None else {}
        return len(self.evidence.y) + max((sum(counts) for counts in earlier.values()), default=0)

    def _over(self, other: str, margin: float) -> Comparison | None:
        evidence, config = self.evidence, self.config
        first, second = evidence.usable("candidate"), evidence.usable(other)
        if first is None or second is None or not self.n:
            return None
        if evidence.fold is not None:
            return self._over_folds(other, second, margin)
        allowance = evidence.allowance
        if allowance is not None and self._streams:
            earlier = allowance.earlier.get(evidence.opponent(other), (0, 0, 0))
            if not sum(earlier) + len(evidence.y):
                return None
            return bet(evidence.y, first, second, earlier, config, margin=margin)
        return compare(
            evidence.y, first, second, config, margin=margin, seed=self.seed, groups=evidence.groups, constant=other == "constant"
        )

    def _over_folds(self, other: str, scores: Scores, margin: float) -> Comparison | None:
        """On held-out folds; a model with one set of scores, the champion, is compared with each division's candidate."""
        evidence, config = self.evidence, self.config
        firsts, seconds = evidence.candidate_folds, evidence.scratch_folds if other == "scratch" else None
        if firsts is None or (other == "scratch" and seconds is None):
            return None
        others = [scores] * len(firsts) if seconds is None else list(seconds)
        if len(others) != len(firsts) or not all(np.isfinite(held).all() for held in (*firsts, *others)):
            return None
        right = [[correct(evidence.y, one) for one in arm] for arm in (firsts, others)]
        differences = np.stack(right[0]) - np.stack(right[1])
        interval, p_value = cross_fitted_test(differences, margin, config.alpha, evidence.groups)
        first, second = (float(np.mean(arm)) for arm in right)
        assert evidence.fold is not None
        many = "1 division" if len(firsts) == 1 else f"{len(firsts)} divisions"
        divisions = f"{many} into {int(evidence.fold.max()) + 1} folds"
        note = f"each row was held out in turn, in {divisions}; valid where training is stable"
        return Comparison(first, second, first - second, interval, p_value, None, note)
