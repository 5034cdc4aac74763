r"""Budget: what a model's decisions within a year may spend together, on fresh rows too.

Fresh test rows bring fresh alpha, so that each decision keeps its own promise: a worthless candidate passes it with a probability
of at most ``alpha``. Ten such decisions, each on rows of its own, pass one with :math:`1 - 0.95^{10} = 0.40`. A budget promises
more: the chance that *any* worthless candidate is promoted within any 360 days is at most the budget's level :math:`A`, however
many decisions there are, however each candidate was chosen after the ones before, and whenever one stops.

The rule is alpha-spending (Tian & Ramdas, "Online control of the familywise error rate", Statistical Methods in Medical Research 30
(2021)): the levels add up to no more than :math:`A`, and each is fixed by what was opened before, when and at which level, never by
a result, so that the union bound asks for no independence: the candidates share champion, training rows and scratch. With :math:`N`
declared decisions and :math:`S_k` spent by the :math:`k - 1` others of the last 360 days,

.. math:: \alpha_k = 0.9 A / N \text{ while } S_k + \alpha_k \leq 0.9 A, \qquad \alpha_k = (A - S_k) / k \text{ beyond}.

What was declared shares nine tenths evenly. What comes beyond at once shares the rest as :math:`0.1 A N / (k (k - 1))`, which never
ends; a year has 360 days here, so that a weekly schedule makes 52 decisions in it and no more.

LOND (Javanmard & Montanari, Annals of Statistics 46 (2018)) and e-LOND (Xu & Ramdas, AISTATS 2024) raise the level with the number
:math:`D` of promotions, :math:`\alpha_k = A \gamma_k (D_{k-1} + 1)`, and promise something else: of the promoted, the expected
share of worthless ones. LOND asks for p-values that are independent, or positively dependent, which those of one model's decisions
are not shown to be, and e-LOND for e-values, which the exact tests of the gate do not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ntgate.gate.ledger_config import BudgetConfig

DAYS = 360
_BEYOND = 0.1  # of the budget: for decisions beyond those that were declared
_LEAST = 1e-6  # of the budget, or of one decision's share: less than this is nothing


@dataclass(frozen=True)
class Account:
    """A model's decisions within the last 360 days, the present one left out.

    Attributes:
        levels: at which each was tested.
        oldest: the day on which the oldest was opened, as ISO 8601; None: there is none.
        own: the level of the present one, where it was opened before; None: it is new.
    """

    levels: tuple[float, ...] = ()
    oldest: str | None = None
    own: float | None = None

    @property
    def spent(self) -> float:
        """All levels together: by the union bound, at most so likely was one of these decisions wrong."""
        return float(sum(self.levels))


def level_of(account: Account, budget: BudgetConfig, alpha: float) -> float:
    """The largest level at which the present decision may be tested; 0 where nothing is left.

    Args:
        account: the decisions before it.
        budget: how many were declared, and for how much together.
        alpha: of the gate.

    >>> round(level_of(Account(), BudgetConfig(decisions=9), 0.05), 6)
    0.005
    >>> round(level_of(Account((0.005,) * 9), BudgetConfig(decisions=9), 0.05), 6)
    0.0005
    >>> level_of(Account((0.05,)), BudgetConfig(decisions=9), 0.05)
    0.0
    """
    whole = alpha if budget.alpha is None else budget.alpha
    if account.own is not None:
        return min(account.own, alpha)
    spent, even = account.spent, (1 - _BEYOND) * whole / budget.decisions
    level = even
    if spent + even > (1 - _BEYOND + _LEAST) * whole:
        level = max(whole - spent, 0.0) / (len(account.levels) + 1)
    return min(level, alpha) if level > _LEAST * whole / budget.decisions else 0.0


def in_words(account: Account, budget: BudgetConfig, alpha: float, level: float) -> str:
    """What the account says of a decision at ``level``.

    >>> print(in_words(Account((0.005,) * 6, "2026-02-03"), BudgetConfig(decisions=9), 0.05, 0.005))
    It is decision 7 of this model within 360 days, of 9 declared: the budget of 0.05 grants it 0.005, and 0.015 is left after it.
    >>> print(in_words(Account((0.05,), "2026-02-03"), BudgetConfig(decisions=9), 0.05, 0.0))
    Of the model's budget of 0.05 within 360 days nothing is left: 1 decision has spent 0.05, the oldest on 2026-02-03.
    """
    whole, number = alpha if budget.alpha is None else budget.alpha, len(account.levels)
    if level == 0:
        decisions = "1 decision has" if number == 1 else f"{number} decisions have"
        return (
            f"Of the model's budget of {whole:g} within {DAYS} days nothing is left: {decisions} spent {account.spent:.3g}, the "
            f"oldest on {account.oldest}."
        )
    return (
        f"It is decision {number + 1} of this model within {DAYS} days, of {budget.decisions} declared: the budget of {whole:g} "
        f"grants it {level:.3g}, and {max(whole - account.spent - level, 0):.3g} is left after it."
    )


def without(levels: Sequence[float]) -> str:
    """What several decisions add up to where there is no budget; empty for the first two.

    >>> print(without([0.05] * 9))
    It is decision 10 of this model within 360 days: a worthless candidate passes one of them with a probability of up to 0.5 \
(gate.ledger.budget bounds that).
    """
    if len(levels) < 2:
        return ""
    together = min(sum(levels) + max(levels), 1.0)
    return (
        f"It is decision {len(levels) + 1} of this model within {DAYS} days: a worthless candidate passes one of them with a "
        f"probability of up to {together:.2g} (gate.ledger.budget bounds that)."
    )
