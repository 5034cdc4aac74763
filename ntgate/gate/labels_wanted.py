"""How many labels show a gain: of rows at random, and of rows on which the models disagree."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from ntgate.base import Frozen
from ntgate.evaluation.gained import counts
from ntgate.evaluation.power import rows_needed
from ntgate.evaluation.sign_test import KEPT, MOST_LOOKS, bounds, chance_to_pass, labels_needed
from ntgate.gate.asked import Asked
from ntgate.gate.config import GateConfig
from ntgate.gate.on_labels import Answered

if TYPE_CHECKING:
    from ntgate.gate.comparison import Case

GAIN_RULES = frozenset(("negative_transfer", "seeds"))  # which the labels of a gain over scratch decide, as seeds repeat it


class Deciding(Frozen):
    """What labels would take, at the gate's level and with a probability of 0.8.

    Attributes:
        gain: that would be shown: the one that was measured, or, where none was, the one that is wanted.
        random: labels of rows drawn at random; None: it cannot be said.
        deciding: labels of rows on which candidate and scratch disagree; None as above.
        disagreement: the share of the rows on which they do.
        measured: whether the gain was.
    """

    gain: float
    random: int | None
    deciding: int | None
    disagreement: float
    measured: bool = True

    @property
    def sentence(self) -> str:
        """Both numbers in words; empty where one is missing."""
        if self.random is None or self.deciding is None:
            return ""
        gain, random = f"{100 * self.gain:.2g} points", f"or of {self.random:,} random rows: `ntgate ask` picks them."
        rows = f"{self.deciding:,} of the {100 * self.disagreement:.2g} % of rows on which it and scratch disagree"
        if self.measured:
            return f"Labels of {rows} would show a gain of {gain}, {random}"
        return f"If it gains {gain} after all, labels of {rows} would show it, {random}"


def out_of_reach(gain: float | None, interval: tuple[float, float] | None, config: GateConfig) -> bool:
    """Whether no gain was measured, and one that is worth promoting for lies above all that the test rows leave possible.

    >>> out_of_reach(-0.01, (-0.04, 0.02), GateConfig()), out_of_reach(-0.01, (-0.08, 0.05), GateConfig())
    (True, False)
    """
    if gain is None or interval is None or gain > config.margin:
        return False
    return interval[1] < config.margin + config.wanted_gain


def deciding(case: Case) -> Deciding | None:
    """What labels would take after these test rows.

    None where no row was opened, the metric does not count rows, or no gain worth promoting for is possible any more.

    >>> import numpy as np
    >>> from ntgate.gate.comparison import Case
    >>> from ntgate.gate.evidence import Evidence
    >>> y = np.zeros(400, int)
    >>> arms = [np.eye(2)[np.repeat(wrong, count)] for wrong, count in (((0, 0, 1), (355, 26, 19)), ((0, 1, 0), (355, 26, 19)))]
    >>> deciding(Case(Evidence(y, *arms), GateConfig())).sentence
    'Labels of 275 of the 11 % of rows on which it and scratch disagree would show a gain of 1.8 points, or of 2,265 random rows: \
`ntgate ask` picks them.'
    """
    evidence, config = case.evidence, case.config
    first, second, found = evidence.usable("candidate"), evidence.usable("scratch"), case.over_scratch
    unfit = not config.counts_right_rows or evidence.groups is not None or evidence.fold is not None
    if unfit or first is None or second is None or found is None or not len(evidence.y):
        return None
    if out_of_reach(found.gain, found.interval, config):
        return None
    n = len(evidence.y)
    gained, _, lost = counts(evidence.y, first, second)
    differing = int((first.argmax(axis=1) != second.argmax(axis=1)).sum())
    measured = (gained - lost) / n
    gain, random = measured, found.needed if found.streamed is None else None
    p_gained, p_lost = gained / n, lost / n
    if measured <= config.margin:
        gain = config.margin + config.wanted_gain
        share = max((gained + lost) / n, gain)
        p_gained, p_lost, random = (share + gain) / 2, (share - gain) / 2, None
    disagreement = max(differing / n, p_gained + p_lost)
    if random is None:
        random = rows_needed(p_gained, p_lost, config.alpha, margin=config.margin)
    return Deciding(
        gain=gain,
        random=random,
        deciding=labels_to_ask(p_gained, p_lost, disagreement, config),
        disagreement=disagreement,
        measured=measured > config.margin,
    )


def power_of_labels(asked: Asked, gain: float, margin: float) -> float | None:
    """How likely labels that are asked for are to show a gain on the pool; None where it cannot be said.

    The rows on which candidate and scratch differ are known, and so is where they stand in the order; that neither is right on one
    of them is left out.

    Args:
        asked: the rows.
        gain: of the candidate over scratch on all rows of the pool.
        margin: that has to be exceeded.
    """
    from scipy.stats import binom

    n, share = len(asked.ids), asked.disagree["scratch"] / asked.rows
    if not n or gain >= share:
        return None
    chance, spent = (1 + gain / share) / 2, asked.spent(asked.alpha)
    differing = np.cumsum(np.array(asked.candidate) != np.array(asked.opponents["scratch"]))
    none = Answered(np.zeros(0, np.int64), n, (asked.differ, asked.rows), asked.positions, spent, asked.alpha, margin)
    if none.whole:
        m = int(differing[-1])
        won = bisect_left(range(m + 1), True, key=lambda gained: none.rejects(gained, m - gained))
        return float(binom.sf(won - 1, m, chance))
    if not none.exact or spent is None:
        return None
    deciding = differing[np.array(asked.positions) - 1].tolist()
    return chance_to_pass(0, 0, deciding, bounds(deciding, spent), chance)


def labels_to_ask(p_gained: float, p_lost: float, disagreement: float, config: GateConfig) -> int | None:
    """Labels of disagreeing rows that show a gain with probability 0.8, at the policy of ``gate.labels``.

    Args:
        p_gained: share of all rows that only the candidate gets right.
        p_lost: share that only scratch does.
        disagreement: share on which they differ.
        config: of the gate.

    >>> labels_to_ask(0.065, 0.035, 0.1, GateConfig()), labels_to_ask(0.065, 0.035, 0.1, GateConfig(labels={"looks": 5}))
    (76, 79)
    """
    if disagreement <= 0 or p_gained - p_lost <= config.margin:
        return None
    gained, lost = p_gained / disagreement, p_lost / disagreement
    looks, alpha = config.labels.declared, config.alpha
    if config.margin > 0:
        return rows_needed(gained, lost, 0.9 * config.alpha, margin=config.margin / disagreement, bets=True)
    if config.labels.policy == "bets":
        return rows_needed(gained, lost, alpha, bets=True)
    if looks is None:
        looks, alpha = MOST_LOOKS, (1 - KEPT) * alpha
    return labels_needed(min(gained + lost, 1.0), gained / (gained + lost), alpha, looks)
