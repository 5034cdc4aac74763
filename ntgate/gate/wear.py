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

from ntgate.gate.allowance import Allowance
from ntgate.gate.budget import Account
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History
from ntgate.gate.spending import times, to_spend
from ntgate.gate.streams import Stream, to_bet_on


def allow(
    history: History,
    config: LedgerConfig,
    *,
    alpha: float,
    min_test_rows: int,
    stream: Stream | None = None,
    account: Account | None = None,
) -> Allowance:
    """What one more decision may use.

    Args:
        history: of the test rows.
        config: how wear is accounted for.
        alpha: the gate's level.
        min_test_rows: with fewer rows there is no verdict.
        stream: with ``e_process``, what was done on the stream before; None: nothing.
        account: with ``spend``, the model's decisions within a year; None: none.

    >>> import numpy as np
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
        return to_bet_on(history, config, stream or Stream(), alpha)
    return to_spend(history, config, alpha, min_test_rows, account or Account())


def unworn(n: int, alpha: float) -> Allowance:
    """The allowance of ``n`` rows that are known to be fresh, for simulations and for calls outside a run.

    >>> unworn(900, 0.05).reason
    'These 900 test rows have not been used before.'
    """
    return allow(History.fresh(n), LedgerConfig(), alpha=alpha, min_test_rows=0)


def _unaccounted(history: History, alpha: float) -> Allowance:
    n, uses = len(history), int(history.uses.max(initial=0))
    reason = f"Repeated use of test rows is not accounted for (gate.ledger.policy: none). These {n} test rows have "
    if uses:
        reason += f"been used {times(uses)} before: a worthless candidate passes with a probability above alpha {alpha:g}."
    else:
        reason += f"not been used before; every further use raises the probability of a false promotion above alpha {alpha:g}."
    return Allowance(policy="none", alpha=alpha, offered=n, uses=uses, reason=reason)
