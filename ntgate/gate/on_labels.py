r"""What labels say that come in one fixed random order, of rows on which the candidate and one of its opponents differ.

All other rows of the pool are known to count zero, whatever their labels. So the gain on the pool is the share :math:`u` of rows
that were to be labelled times the mean of +1 for a row that only the candidate gets right, -1 for one that only the opponent does,
and 0.

At margin 0 the share does not matter, and the test is that of the sign: exact at declared looks
(:mod:`ntgate.evaluation.sign_test`), or by a bet on each label (:mod:`ntgate.evaluation.betting`). At another margin :math:`m` the
mean has to exceed :math:`m / u`, and :math:`u` is known from the pool with an error of its own: it is put to its bound at a tenth
of the level (Clopper and Pearson), and the bets are judged at the rest. The union of both holds the level.

With one look the verdict may be certain before the last label, even if all to come were lost; then it is told. Where every row that
differs is asked for, nothing is estimated: the verdict is the one that labels of all rows of the pool would give, by the test of a
run, whatever the margin.

Whatever stops the labelling was reached first at some look: the verdict is that of this look, and later labels do not change it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from ntgate.evaluation import sign_test
from ntgate.evaluation.betting import confidence_sequence, log_wealths
from ntgate.gate.finding import Outcome
from ntgate.metrics.row_mean import by_counts
from ntgate.metrics.tested import Level, Tested

_FOR_THE_SHARE = 0.1  # of the level, where the margin is not 0
_SOON = 0.05  # with a smaller chance of passing, labelling on is said to be vain

Signs = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Answered:
    """The labels so far of a question.

    Attributes:
        signs: of each labelled row in the fixed order, 1 gained, 0 tied, -1 lost ``(k,)``.
        budget: labels that were asked for, or were in the part of the pool that the question is about.
        share: of the pool's rows (or of that part) that were to be labelled, as counts: how many, of how many.
        positions: after how many labels the verdict is looked for, ascending; those beyond ``k`` are still to come.
        spent: the level that is spent up to each look; None: bets, at ``alpha``.
        alpha: level.
        margin: the gain that has to be exceeded.

    >>> won = Answered(np.tile([1, 1, 1, -1], 5), 20, (40, 400), (20,), (0.05,), 0.05)
    >>> won.stop, won.counts, round(won.gain, 3), round(won.p_value, 3), [round(end, 3) for end in won.interval]
    ((19, 'pass'), (15, 0, 4), 0.058, 0.021, [0.009, 0.086])
    """

    signs: Signs
    budget: int
    share: tuple[int, int]
    positions: tuple[int, ...]
    spent: tuple[float, ...] | None
    alpha: float
    margin: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether the test is the exact one of the sign, at declared looks."""
        return self.spent is not None and self.margin == 0

    @property
    def u(self) -> float:
        """The share of the pool's rows that were to be labelled."""
        held, n = self.share
        return held / n if n else 0.0

    @property
    def level(self) -> float:
        """At which the labels are tested."""
        return self.alpha if self.margin == 0 else (1 - _FOR_THE_SHARE) * self.alpha

    @cached_property
    def u_bounds(self) -> tuple[float, float]:
        """Of the share in the target, each at a tenth of the level."""
        from scipy.stats import beta

        (held, n), level = self.share, _FOR_THE_SHARE * self.alpha
        low = float(beta.ppf(level, held, n - held + 1)) if held else 0.0
        high = float(beta.ppf(1 - level, held + 1, n - held)) if held < n else 1.0
        return low, high

    @property
    def threshold(self) -> float | None:
        """What the mean of the labelled rows has to exceed; None where the share alone tells that it does, or cannot."""
        if self.margin == 0:
            return 0.0
        low, high = self.u_bounds
        u = low if self.margin > 0 else high
        return self.margin / u if u > abs(self.margin) else None

    @cached_property
    def turned(self) -> Answered:
        """The question from the opponent's side: whether the gain is shown to be at most the margin."""
        return replace(self, signs=-self.signs, margin=-self.margin)

    @property
    def past(self) -> tuple[int, ...]:
        """The looks that have been."""
        return tuple(n for n in self.positions if n <= len(self.signs))

    @property
    def whole(self) -> bool:
        """Whether all rows that differ are asked for, for one look: then it is as if every row of the pool were labelled."""
        return self.spent is not None and len(self.positions) == 1 and 0 < self.budget == self.share[0]

    @property
    def single(self) -> bool:
        """Whether there is one look, whose outcome may be certain before."""
        return self.whole or (self.exact and len(self.positions) == 1)

    def at_worst(self, n: int) -> tuple[int, int]:
        """Rows gained and lost if all labels after the first ``n`` were lost."""
        seen = self.signs[:n]
        return int((seen > 0).sum()), int((seen < 0).sum()) + self.budget - n

    def rejects(self, gained: int, lost: int) -> bool:
        """Whether the one look shows that the gain exceeds the margin."""
        if self.whole:
            found = self.of_all(gained, lost)
            return found.p_value <= self.alpha and found.interval[0] > self.margin
        return gained >= sign_test.bounds([gained + lost], [self.alpha])[0]

    def of_all(self, gained: int, lost: int) -> Tested:
        """The test of a run on all rows of the pool."""
        return _of_all(gained, lost, self.share[1], self.alpha, self.margin)

    @cached_property
    def shown_after(self) -> int | None:
        """After how many labels the gain was first shown to exceed the margin; None: it is not."""
        if self.single:
            too_few, certain = -1, len(self.signs)
            if not self.rejects(*self.at_worst(certain)):
                return None
            while certain - too_few > 1:
                middle = (certain + too_few) // 2
                too_few, certain = (too_few, middle) if self.rejects(*self.at_worst(middle)) else (middle, certain)
            return certain
        if self.exact:
            assert self.spent is not None
            gained, deciding = self.tallies(self.past)
            look = sign_test.first_crossing(gained, sign_test.bounds(deciding, self.spent[: len(self.past)]))
            return None if look is None else self.past[look]
        if self.threshold is None:  # a loss as large as is tolerated is more than all rows on which they differ
            return 0 if self.margin < 0 else None
        enough = self.wealths(self.past) >= -math.log(self.level)
        return self.past[int(enough.argmax())] if enough.any() else None

    @cached_property
    def stop(self) -> tuple[int, Outcome]:
        """After how many labels something was shown first, and what: pass or fail; else all labels that were looked at."""
        won, lost = self.shown_after, self.turned.shown_after
        if won is not None and (lost is None or won <= lost):
            return won, "pass"
        return ((self.past[-1] if self.past else 0), "inconclusive") if lost is None else (lost, "fail")

    @property
    def counts(self) -> tuple[int, int, int]:
        """Rows gained, tied and lost up to the stop."""
        seen = self.signs[: self.stop[0]]
        return int((seen > 0).sum()), int((seen == 0).sum()), int((seen < 0).sum())

    @property
    def gain(self) -> float | None:
        """Over the opponent on the pool; None before the first look."""
        n = self.stop[0]
        return float(self.u * self.signs[:n].mean()) if n else None

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Of the gain, two-sided at level ``1 - 2 alpha``. At margin 0 the share of rows that decide is taken as it was met."""
        (gained, tied, lost), (low_u, high_u) = self.counts, self.u_bounds
        if self.whole:
            return self.of_all(*self.at_worst(self.stop[0])).interval[0], -self.turned.of_all(
                *self.turned.at_worst(self.stop[0])
            ).interval[0]
        if not gained + lost:
            return -high_u, high_u
        if self.single:
            return self.outermost, -self.turned.outermost
        if self.margin != 0:
            low, high = confidence_sequence(gained, tied, lost, self.level)
            return low * (low_u if low > 0 else high_u), high * (high_u if high > 0 else low_u)
        scale = self.u * (gained + lost) / (gained + tied + lost)
        low, high = (self.lead, -self.turned.lead) if self.exact else confidence_sequence(gained, 0, lost, self.alpha)
        return scale * low, scale * high

    @cached_property
    def outermost(self) -> float:
        """Of the one look, the lower bound of the gain, whatever the labels to come."""
        gained, lost = self.at_worst(self.stop[0])
        chance = sign_test.least_chance([gained], [gained + lost], [self.alpha])
        return self.u * (gained + lost) / self.budget * (2 * chance - 1)

    @cached_property
    def lead(self) -> float:
        """Of the exact test, the lower bound of the mean over the rows that decide."""
        assert self.spent is not None
        past = [n for n in self.past if n <= self.stop[0]]
        return 2 * sign_test.least_chance(*self.tallies(past), self.spent[: len(past)]) - 1

    @cached_property
    def p_value(self) -> float:
        """One-sided, against a gain of at most the margin; valid at every look."""
        past = [n for n in self.past if n <= self.stop[0]]
        if self.single and (past or self.stop[1] != "inconclusive"):
            gained, lost = self.at_worst(self.stop[0])
            p = self.of_all(gained, lost).p_value if self.whole else sign_test.p_value([gained], [gained + lost], [1.0])
            return min(p, self.alpha) if self.stop[1] == "pass" else max(p, math.nextafter(self.alpha, 1.0))
        if self.threshold is None:
            return 0.0 if self.margin < 0 else 1.0
        if not past:
            return 1.0
        if self.exact:
            assert self.spent is not None
            p = sign_test.p_value(*self.tallies(past), [level / self.alpha for level in self.spent[: len(past)]])
        else:
            p = min(1.0, math.exp(-float(self.wealths(past).max(initial=0.0))) * self.alpha / self.level)
        return min(p, self.alpha) if self.stop[1] == "pass" else max(p, math.nextafter(self.alpha, 1.0))

    def vain(self) -> bool:
        """Whether it could not pass even if every label to come were gained."""
        rest = np.ones(self.budget - len(self.signs), np.int64)
        return replace(self, signs=np.concatenate([self.signs, rest])).stop[1] != "pass"

    def chance(self) -> float:
        """How likely the labels to come are to make it pass, if they are like those so far."""
        n = self.past[-1] if self.past else 0
        if self.single:
            return self._chance_of_one()
        later = [at for at in self.positions if at > n]
        if not later:
            return 0.0
        seen = self.signs[:n]
        g, m = int((seen > 0).sum()), int((seen != 0).sum())
        deciding, chance = (m + 1) / (n + 1), (g + 1) / (m + 2)
        to_come = [m + round((at - n) * deciding) for at in later]
        if self.exact:
            assert self.spent is not None
            bounded = sign_test.bounds([*self.tallies(self.past)[1], *to_come], self.spent)
            return sign_test.chance_to_pass(g, m, to_come, bounded[-len(later) :], chance)
        from scipy.stats import binom

        if self.threshold is None:
            return 1.0 if self.margin < 0 else 0.0
        more = to_come[-1] - m
        won = np.arange(more + 1)
        tied = np.full(more + 1, 0 if self.margin == 0 else later[-1] - to_come[-1])
        enough = log_wealths(np.stack([g + won, tied, m - g + more - won], axis=1), self.threshold) >= -math.log(self.level)
        return float(binom.pmf(won, more, chance)[enough].sum())

    def _chance_of_one(self) -> float:
        """Of one look, from the labels so far; those to come decide as often as these."""
        from scipy.stats import binom

        n = len(self.signs)
        g, lost = int((self.signs > 0).sum()), int((self.signs < 0).sum())
        more = round((self.budget - n) * (g + lost + 1) / (n + 1))
        few, many = -1, more + 1  # gained among those to come
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (few, middle) if self.rejects(g + middle, lost + more - middle) else (middle, many)
        return float(binom.sf(many - 1, more, (g + 1) / (g + lost + 2)))

    @property
    def hopeless(self) -> bool:
        """Whether labelling on is vain, or nearly so."""
        return self.vain() or (bool(self.past or self.single) and self.chance() < _SOON)

    def tallies(self, positions: Sequence[int]) -> tuple[list[int], list[int]]:
        """Rows gained, and rows on which exactly one is right, up to each position."""
        gained = np.concatenate([[0], np.cumsum(self.signs > 0)])
        deciding = np.concatenate([[0], np.cumsum(self.signs != 0)])
        at = np.array(positions, np.int64)
        return gained[at].tolist(), deciding[at].tolist()

    def wealths(self, positions: Sequence[int]) -> npt.NDArray[np.float64]:
        """Of the bets, the logarithm of what they have won up to each position."""
        gained, deciding = map(np.array, self.tallies(positions))
        if not len(gained) or self.threshold is None:
            return np.zeros(0)
        tied = 0 * gained if self.margin == 0 else np.array(positions) - deciding
        return log_wealths(np.stack([gained, tied, deciding - gained], axis=1).astype(np.int64), self.threshold)


@lru_cache(maxsize=10_000)
def _of_all(gained: int, lost: int, n: int, alpha: float, margin: float) -> Tested:
    return by_counts(gained, lost, n, Level(alpha, margin, 0, 0))
