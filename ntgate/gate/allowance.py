"""Allowance: what the ledger grants one decision, before a test row is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.gate.ledger_config import Policy

Counts: TypeAlias = tuple[int, int, int]


class Allowance(Frozen):
    """What the ledger grants one decision, before a test row is scored.

    Attributes:
        policy: how wear is accounted for.
        alpha: the level of the decision; 0: nothing is left, and the rows stay closed.
        offered: how many test rows were asked for.
        rows: positions of those that may be used; None: all.
        uses: earlier decisions on the most used of them.
        horizon: how many decisions, or candidates of a stream, were declared.
        withheld: whether the result is kept back unless it is a pass.
        earlier: with ``e_process``, by what the candidate is compared with, the rows that this very comparison has gained, tied
            and lost before.
        opponents: with ``e_process``, where bets are repeated, those that the rows were bet against; None: the bets are new.
        needed: fresh test rows without which nothing is allowed; 0 where something is.
        emptied: whether nothing is left of the model's budget, so that no rows would help.
        refused: whether the same data, settings and code were judged on these rows before, and did not pass: other rounding is
            no second chance.
        entry: the ledger's entry of this opening; None where nothing was opened by it.
        passed: whether this very comparison was opened before, and passed.
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
    opponents: tuple[str, ...] | None = None
    needed: int = 0
    emptied: bool = False
    refused: bool = False
    entry: int | None = None
    passed: bool = False
    reason: str

    @property
    def closed(self) -> bool:
        """Whether no test row may be scored."""
        return self.alpha == 0

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """The rows that may be used, as positions ``(m,)`` in the test set."""
        return np.arange(self.offered) if self.rows is None else np.array(self.rows, np.int64)


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
    entry: int | None,
    passed: bool = False,
    earlier: Mapping[str, Counts] | None = None,
    opponents: tuple[str, ...] | None = None,
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
        entry: its number; None where it was opened for the same data, settings and code with models that are not the same, bit
            for bit.
        passed: whether it passed.
        earlier: with ``e_process``, what had been accumulated before that opening.
        opponents: with ``e_process``, what its rows were bet against.
    """
    rounded = entry is None
    reason = f"This very comparison was opened before, at {at}: asking it again costs nothing."
    if rounded:
        reason = (
            f"The same data, settings and code were judged before, at {at}, with models that another machine rounded otherwise. "
            "That is no other comparison: it costs nothing, and passes only where that one did"
            f"{'' if passed else ', which it did not'}."
        )
    if policy == "none":
        reason += " Repeated use of test rows is not accounted for (gate.ledger.policy: none)."
    return Allowance(
        policy=policy,
        alpha=alpha,
        offered=n,
        rows=None if rows.all() else tuple(np.flatnonzero(rows).tolist()),
        horizon=horizon,
        withheld=withheld,
        refused=rounded and not passed,
        entry=entry,
        passed=passed and not rounded,
        earlier=dict(earlier or {}),
        opponents=opponents,
        reason=reason,
    )
