r"""Streams: fresh rows on which candidates bet, each on rows of its own, over a declared number of candidates.

One candidate's bets hold their level whenever one looks (see :mod:`ntgate.evaluation.betting`). Several candidates on one stream,
side by side or one after another, are several tests all the same: a row is bet on by one of them alone, so each wealth is a
martingale of its own, and each of ``k`` worthless ones reaches ``1 / alpha`` with probability up to ``alpha``. So ``alpha`` is
shared: over a horizon of :math:`H` candidates each passes at wealth :math:`H / \alpha`, and the union bound keeps the probability
that *any* worthless one is promoted on the stream at ``alpha``, whatever their dependence, and however the next one is chosen
after looking at the others: it begins with a wealth of 1 on rows that nobody had opened. Ten times as many candidates ask for
:math:`\ln 10 = 2.3` more of log-wealth, beside the 3.0 of a single one at 0.05.

e-LOND (Xu & Ramdas, "Online multiple testing with e-values", AISTATS 2024) wins back level with every pass and needs no horizon,
but bounds another thing: the share of the worthless among the promoted. What is promised here is the chance of any.

A stream is that of a registered model. Another name for the model is no way out where any test row was opened under the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ntgate.gate.allowance import Allowance, Counts
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History

_ROUNDING = 1e-9  # of alpha: what adding many shares of it can lose


@dataclass(frozen=True)
class Stream:
    """What was done on a stream before the present opening.

    Attributes:
        earlier: by what the present candidate is compared with, the rows that it has gained, tied and lost before.
        level: at which the present candidate was opened first; None: it is a new one.
        before: the levels of the candidates that were opened on the stream before it.
    """

    earlier: Mapping[str, Counts] = field(default_factory=dict)
    level: float | None = None
    before: tuple[float, ...] = ()

    def level_of(self, alpha: float, horizon: int) -> float:
        """The level of the present candidate: its share of ``alpha``, or what is left of it; 0 where nothing is.

        >>> Stream().level_of(0.05, 1), Stream(before=(0.05,)).level_of(0.05, 1), Stream(before=(0.025,)).level_of(0.05, 2)
        (0.05, 0.0, 0.025)
        """
        share = alpha / horizon if self.level is None else self.level
        left = alpha - sum(self.before)
        if left >= share - _ROUNDING * alpha:
            return share
        return left if left > _ROUNDING * alpha else 0.0


def to_bet_on(history: History, config: LedgerConfig, stream: Stream, alpha: float) -> Allowance:
    """Rows that this comparison may still bet on; a comparison that has bet before may always be judged on its bets."""
    n, uses = len(history), int(history.uses.max(initial=0))
    level = stream.level_of(alpha, config.horizon)
    barred = history.elsewhere & ~history.settled
    chosen = np.flatnonzero(~history.elsewhere & ~history.settled & ~history.repeated)
    before = max((sum(counts) for counts in stream.earlier.values()), default=0)
    if level == 0:
        return _closed(n, uses, config, reason=_used_up(stream, alpha))
    sentences = [f"{len(chosen)} of {n} test rows are fresh for this candidate; it has bet on {before} before."]
    if level < alpha:
        sentences.append(f"It is number {len(stream.before) + 1} on this stream, and is tested at {level:.3g} of alpha {alpha:g}.")
    if barred.any():
        sentences.append(
            f"{int(barred.sum())} were opened for others and do not count: the candidate may have been chosen on them."
        )
    if not len(chosen) and not before:
        return _closed(n, uses, config, reason=" ".join([*sentences, "Label fresh test rows."]), needed=1)
    return Allowance(
        policy="e_process",
        alpha=level,
        offered=n,
        rows=None if len(chosen) == n else tuple(chosen.tolist()),
        uses=uses,
        horizon=config.horizon,
        earlier=dict(stream.earlier),
        reason=" ".join(sentences),
    )


def _closed(n: int, uses: int, config: LedgerConfig, *, reason: str, needed: int = 0) -> Allowance:
    return Allowance(
        policy="e_process", alpha=0.0, offered=n, rows=(), uses=uses, horizon=config.horizon, needed=needed, reason=reason
    )


def _used_up(stream: Stream, alpha: float) -> str:
    number = len(stream.before)
    candidates = "1 candidate has" if number == 1 else f"{number} candidates have"
    return (
        f"{candidates} bet on this stream, and nothing is left of alpha {alpha:g} for another. Test this one on fresh rows with "
        "gate.ledger.policy: spend; a stream for several candidates declares them from its start, as gate.ledger.horizon."
    )
