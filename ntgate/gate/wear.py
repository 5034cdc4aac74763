r"""Wear: what is left of the level on test rows that earlier decisions have used.

Every decision on the same rows is another chance to promote a worthless candidate: 52 decisions at 0.05 do it with
probability :math:`1 - 0.95^{52} = 0.93` if they are independent. So each row has ``alpha`` to be spent once. A row's wear is the
sum of the levels of all decisions that contained it; the union bound keeps the probability that any decision on a row promotes
wrongly at ``alpha``.

The union bound alone is for candidates that do not depend on earlier results. An analyst who sees them adapts (Dwork et al., "The
reusable holdout", Science 349 (2015)). If results are withheld until the first pass, whatever he does is fixed in advance up to
then: all that he has heard is "no" (Blum & Hardt, "The Ladder", ICML 2015, show how little else may be said). The first pass tells
him something, and retires the rows.

Nothing here looks at a label or a score: which rows are used follows from their wear alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.gate.ledger_config import LedgerConfig, Policy

Counts: TypeAlias = tuple[int, int, int]
_POWER = 0.8
_ROUNDING = 1e-9  # of alpha: what adding many shares of it can lose
_LEAST = 1e-6  # of alpha: less than this is nothing


@dataclass(frozen=True, eq=False)
class History:
    """What earlier decisions did to each of ``n`` test rows; every array is ``(n,)``.

    Attributes:
        spent: the levels of the decisions that contained the row, added up.
        uses: how many these were.
        shown: how many of them had their result shown.
        retired: whether one of them was withheld and passed.
        elsewhere: whether one of them was about another comparison than the present.
        settled: whether the present comparison has already bet on the row.
        repeated: whether the row stands, feature for feature, further up in the same test set.
    """

    spent: npt.NDArray[np.float64]
    uses: npt.NDArray[np.int64]
    shown: npt.NDArray[np.int64]
    retired: npt.NDArray[np.bool_]
    elsewhere: npt.NDArray[np.bool_]
    settled: npt.NDArray[np.bool_]
    repeated: npt.NDArray[np.bool_]

    @classmethod
    def fresh(cls, n: int) -> History:
        """Rows that no decision has used."""
        no = np.zeros(n, bool)
        return cls(np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), no, no, no, no)

    def __len__(self) -> int:
        return len(self.spent)


class Allowance(Frozen):
    """What the ledger grants one decision, before a test row is scored.

    Attributes:
        policy: how wear is accounted for.
        alpha: the level of the decision; 0: nothing is left, and the rows stay closed.
        offered: how many test rows were asked for.
        rows: positions of those that may be used; None: all.
        uses: earlier decisions on the most used of them.
        horizon: how many decisions were declared.
        withheld: whether the result is kept back unless it is a pass.
        earlier: with ``e_process``, by what the candidate is compared with, the rows that this very comparison has gained, tied
            and lost before.
        needed: fresh test rows without which nothing is allowed; 0 where something is.
        entry: the ledger's entry of this opening; None where nothing was opened.
        reason: one to three sentences for people.
    """

    policy: Policy
    alpha: float
    offered: int
    rows: tuple[int, ...] | None = None
    uses: int = 0
    horizon: int = 1
    withheld: bool = False
    earlier: Mapping[str, Counts] = {}
    needed: int = 0
    entry: int | None = None
    reason: str

    @property
    def closed(self) -> bool:
        """Whether no test row may be scored."""
        return self.alpha == 0

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """The rows that may be used, as positions ``(m,)`` in the test set."""
        return np.arange(self.offered) if self.rows is None else np.array(self.rows, np.int64)


def allow(
    history: History,
    config: LedgerConfig,
    *,
    alpha: float,
    min_test_rows: int,
    earlier: Mapping[str, Counts] | None = None,
) -> Allowance:
    """What one more decision may use.

    Args:
        history: of the test rows.
        config: how wear is accounted for.
        alpha: the gate's level.
        min_test_rows: with fewer rows there is no verdict.
        earlier: with ``e_process``, the counts that the present comparison has accumulated.

    >>> from dataclasses import replace
    >>> new = History.fresh(100)
    >>> allow(new, LedgerConfig(), alpha=0.05, min_test_rows=30).alpha
    0.05
    >>> used = replace(new, spent=np.repeat([0.05, 0.0], 50), uses=np.repeat([1, 0], 50), shown=np.repeat([1, 0], 50))
    >>> found = allow(used, LedgerConfig(), alpha=0.05, min_test_rows=30)
    >>> found.alpha, len(found.rows)
    (0.05, 50)
    >>> print(allow(used, LedgerConfig(), alpha=0.05, min_test_rows=60).reason)
    These 100 test rows have been used 1 of 1 times: of alpha 0.05 nothing is left on 50 of them, and the other 50 are too few. \
Label at least 10 fresh test rows; 50 make the test as sharp as it was.
    """
    if config.policy == "none":
        return _unaccounted(history, alpha)
    if config.policy == "e_process":
        return _to_bet_on(history, earlier or {}, alpha)
    return _to_spend(history, config, alpha, min_test_rows)


def unworn(n: int, alpha: float) -> Allowance:
    """The allowance of ``n`` rows that are known to be fresh, for simulations and for calls outside a run.

    >>> unworn(900, 0.05).reason
    'These 900 test rows have not been used before.'
    """
    return allow(History.fresh(n), LedgerConfig(), alpha=alpha, min_test_rows=0)


def unopened(n: int, reason: str) -> Allowance:
    """The allowance where the ledger need not be asked, because no row would be scored.

    >>> unopened(900, "There is nothing to compare.").closed
    True
    """
    return Allowance(policy="none", alpha=0.0, offered=n, rows=(), reason=reason)


def unrecorded(n: int, alpha: float) -> Allowance:
    """The allowance where no ledger can be asked and none is wanted.

    >>> print(unrecorded(900, 0.05).reason)
    Repeated use of test rows is neither recorded nor accounted for (gate.ledger.policy: none): every further use of these \
900 test rows raises the probability of a false promotion above alpha 0.05.
    """
    reason = (
        f"Repeated use of test rows is neither recorded nor accounted for (gate.ledger.policy: none): every further use of "
        f"these {n} test rows raises the probability of a false promotion above alpha {alpha:g}."
    )
    return Allowance(policy="none", alpha=alpha, offered=n, reason=reason)


def once_more(
    n: int,
    rows: npt.NDArray[np.bool_],
    *,
    policy: Policy,
    alpha: float,
    horizon: int,
    withheld: bool,
    at: str,
    entry: int,
) -> Allowance:
    """The allowance of a comparison that was opened before: the same again, for nothing.

    Args:
        n: test rows.
        rows: which of them were opened ``(n,)``.
        policy: of the opening, as are the level, the horizon and whether its result is withheld.
        alpha: see there.
        horizon: see there.
        withheld: see there.
        at: when it was opened.
        entry: its number.
    """
    reason = f"This very comparison was opened before, at {at}: asking it again costs nothing."
    if policy == "none":
        reason += " Repeated use of test rows is not accounted for (gate.ledger.policy: none)."
    return Allowance(
        policy=policy, alpha=alpha, offered=n, rows=None if rows.all() else tuple(np.flatnonzero(rows).tolist()),
        horizon=horizon, withheld=withheld, entry=entry, reason=reason,
    )  # fmt: skip


def sharpest(left: npt.NDArray[np.float64], *, step: float, least: int) -> float:
    """The level at which the rows that can still bear it make the sharpest test; 0 where no level leaves ``least`` rows.

    Many rows at a small level compete with few rows at a large one. The squared gain that ``m`` rows show with power 0.8 at
    level ``a`` is proportional to ``(z_a + z_0.2)^2 / m`` (Connor, Biometrics 43 (1987), equation 3, for small gains), whatever
    the gain is; the smallest wins.

    Args:
        left: what is left on each row ``(n,)``.
        step: the level of a fresh row's decision.
        least: smallest number of rows.

    >>> worn = np.repeat([0.0, 0.05], [900, 100])  # 100 fresh rows beside 900 used up
    >>> sharpest(worn, step=0.05, least=30)
    0.05
    >>> sharpest(np.repeat([0.04, 0.05], [900, 100]), step=0.05, least=30)  # all of them at a little less
    0.04
    """
    borne = np.minimum(left, step)
    levels, counts = np.unique(borne, return_counts=True)
    rows = counts[::-1].cumsum()[::-1]  # that bear at least this level
    quantile = NormalDist().inv_cdf
    best, best_gain = 0.0, np.inf
    for level, m in zip(levels[::-1].tolist(), rows[::-1].tolist(), strict=True):
        if level <= 0 or m < max(least, 1):
            continue
        gain = (quantile(1 - level) + quantile(_POWER)) ** 2 / m
        if gain < best_gain:
            best, best_gain = level, gain
    return best


def _to_spend(history: History, config: LedgerConfig, alpha: float, least: int) -> Allowance:
    step, n = alpha / config.horizon, len(history)
    left = np.where(history.retired, 0.0, alpha - history.spent)
    left[history.shown >= config.horizon] = 0.0  # a declared number of looks, at whatever level
    left[left < _LEAST * step] = 0.0
    left[left > step - _ROUNDING * alpha] = step  # enough for a whole decision is enough
    level = sharpest(left, step=step, least=least)
    if level == 0:
        return _spent(history, left, config, alpha, least)
    chosen = np.flatnonzero(left >= level)
    used = int(history.uses[chosen].max(initial=0))
    shown = int(history.shown[chosen].max(initial=0))
    of = f"These {n} test rows"
    if len(chosen) < n:
        of = f"Of {n} test rows {n - len(chosen)} are worn out by earlier decisions: the other {len(chosen)} alone are used. They"
    sentences = [
        f"{of} have been used {used} of {config.horizon} times." if used else f"{of} have not been used before."
    ]
    if level < alpha:
        sentences.append(f"This decision is tested at {level:.3g} of alpha {alpha:g}.")
    sentences += _manners(config, shown)
    return Allowance(
        policy="spend", alpha=level, offered=n, rows=None if len(chosen) == n else tuple(chosen.tolist()), uses=used,
        horizon=config.horizon, withheld=config.withheld, reason=" ".join(sentences),
    )  # fmt: skip


def _manners(config: LedgerConfig, shown: int) -> list[str]:
    """What the bound rests on where rows are used more than once."""
    if config.withheld and not shown:
        return ["Results are withheld until the first pass, so the bound holds whatever is tried."]
    if config.withheld:
        return [f"Results were shown {_times(shown)} before: the bound holds only if nobody has tuned on them."]
    if config.horizon > 1 or shown:
        return ["Results are shown: the bound holds only if nobody tunes on them."]
    return []


def _spent(
    history: History, left: npt.NDArray[np.float64], config: LedgerConfig, alpha: float, least: int
) -> Allowance:
    n, uses, able = len(history), int(history.uses.max(initial=0)), int((left > 0).sum())
    if not uses:
        reason = f"{n} test rows are too few to be opened."
    elif history.retired.any():
        which = f"Of {n} test rows {n - able}" if able else f"These {n} test rows"
        reason = f"{which} have let a candidate pass, or are used up: they are retired."
    elif able:
        reason = (
            f"These {n} test rows have been used {uses} of {config.horizon} times: of alpha {alpha:g} nothing is left "
            f"on {n - able} of them, and the other {able} are too few."
        )
    else:
        reason = (
            f"These {n} test rows have been used {uses} of {config.horizon} times: nothing is left of alpha {alpha:g}."
        )
    needed = max(least - able, 1)
    sharp = f"; {n - able} make the test as sharp as it was" if n - able > needed else ""
    return Allowance(
        policy="spend", alpha=0.0, offered=n, rows=(), uses=uses, horizon=config.horizon, withheld=config.withheld,
        needed=needed, reason=f"{reason} Label at least {needed} fresh test rows{sharp}.",
    )  # fmt: skip


def _to_bet_on(history: History, earlier: Mapping[str, Counts], alpha: float) -> Allowance:
    """Rows that this comparison may still bet on; a comparison that has bet before may always be judged on its bets."""
    n, uses = len(history), int(history.uses.max(initial=0))
    barred = history.elsewhere & ~history.settled
    chosen = np.flatnonzero(~history.elsewhere & ~history.settled & ~history.repeated)
    before = max((sum(counts) for counts in earlier.values()), default=0)
    sentences = [f"{len(chosen)} of {n} test rows are fresh for this candidate; it has bet on {before} before."]
    if barred.any():
        sentences.append(
            f"{int(barred.sum())} were opened for others and do not count: the candidate may have been chosen on them."
        )
    nothing = not len(chosen) and not before
    if nothing:
        sentences.append("Label fresh test rows.")
    return Allowance(
        policy="e_process", alpha=0.0 if nothing else alpha, offered=n,
        rows=None if len(chosen) == n else tuple(chosen.tolist()), uses=uses, earlier=dict(earlier),
        needed=int(nothing), reason=" ".join(sentences),
    )  # fmt: skip


def _unaccounted(history: History, alpha: float) -> Allowance:
    n, uses = len(history), int(history.uses.max(initial=0))
    reason = f"Repeated use of test rows is not accounted for (gate.ledger.policy: none). These {n} test rows have "
    if uses:
        reason += (
            f"been used {_times(uses)} before: a worthless candidate passes with a probability above alpha {alpha:g}."
        )
    else:
        reason += f"not been used before; every further use raises the probability of a false promotion above alpha {alpha:g}."
    return Allowance(policy="none", alpha=alpha, offered=n, uses=uses, reason=reason)


def _times(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"
