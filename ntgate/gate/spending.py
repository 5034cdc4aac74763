"""Spending: each row has ``alpha`` to be spent once, over a declared number of decisions.

Why that bounds the probability of a false promotion is told in :mod:`ntgate.gate.wear`.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ntgate.gate.allowance import Allowance
from ntgate.gate.budget import Account, in_words, level_of, without
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History

_POWER = 0.8
_ROUNDING = 1e-9  # of alpha: what adding many shares of it can lose
_LEAST = 1e-6  # of alpha: less than this is nothing


def to_spend(history: History, config: LedgerConfig, alpha: float, least: int, account: Account) -> Allowance:
    """The rows that still bear a level, at the level that makes the sharpest test; nothing where fewer than ``least`` do.

    Whatever the rows bear, a decision has no more than the model's budget grants it.
    """
    step, n = alpha / config.horizon, len(history)
    if config.budget is not None:
        step = min(step, level_of(account, config.budget, alpha))
        if step == 0:
            return _emptied(history, config, in_words(account, config.budget, alpha, 0.0))
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
    sentences = [f"{of} have been used {used} of {config.horizon} times." if used else f"{of} have not been used before."]
    if level < alpha:
        sentences.append(f"This decision is tested at {level:.3g} of alpha {alpha:g}.")
    sentences.append(without(account.levels) if config.budget is None else in_words(account, config.budget, alpha, level))
    sentences += _manners(config, shown)
    return Allowance(
        policy="spend",
        alpha=level,
        offered=n,
        rows=None if len(chosen) == n else tuple(chosen.tolist()),
        uses=used,
        horizon=config.horizon,
        withheld=config.withheld,
        reason=" ".join(filter(None, sentences)),
    )


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


def _manners(config: LedgerConfig, shown: int) -> list[str]:
    """What the bound rests on where rows are used more than once."""
    if config.withheld and not shown:
        return ["Results are withheld until the first pass, so the bound holds whatever is tried."]
    if config.withheld:
        return [f"Results were shown {times(shown)} before: the bound holds only if nobody has tuned on them."]
    if config.horizon > 1 or shown:
        return ["Results are shown: the bound holds only if nobody tunes on them."]
    return []


def _emptied(history: History, config: LedgerConfig, reason: str) -> Allowance:
    return Allowance(
        policy="spend",
        alpha=0.0,
        offered=len(history),
        rows=(),
        uses=int(history.uses.max(initial=0)),
        horizon=config.horizon,
        withheld=config.withheld,
        emptied=True,
        reason=reason,
    )


def _spent(history: History, left: npt.NDArray[np.float64], config: LedgerConfig, alpha: float, least: int) -> Allowance:
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
        reason = f"These {n} test rows have been used {uses} of {config.horizon} times: nothing is left of alpha {alpha:g}."
    needed = max(least - able, 1)
    sharp = f"; {n - able} make the test as sharp as it was" if n - able > needed else ""
    return Allowance(
        policy="spend",
        alpha=0.0,
        offered=n,
        rows=(),
        uses=uses,
        horizon=config.horizon,
        withheld=config.withheld,
        needed=needed,
        reason=f"{reason} Label at least {needed} fresh test rows{sharp}.",
    )


def times(number: int) -> str:
    """How often, in words.

    >>> times(1), times(3)
    ('1 time', '3 times')
    """
    return "1 time" if number == 1 else f"{number} times"
