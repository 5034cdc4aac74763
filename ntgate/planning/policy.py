"""The order of the strategies, from evidence that is cheap: the shift, the labels a class, the unlabelled rows.

No score of transferability chooses well by itself (Agostinelli et al., "How stable are transferability metrics evaluations?",
ECCV 2022), so the evidence sets the order only; the choice is made on validation rows and judged on the gate's rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from ntgate.base import Frozen
from ntgate.shift.report import ShiftReport
from ntgate.strategies import AnyStrategy
from ntgate.strategies.base import Facts

FEW_LABELS = 10
STRONG_SHIFT = 1.0  # proxy A-distance: a linear classifier tells three of four rows apart


class PlanRow(Frozen):
    """One strategy of the plan.

    Attributes:
        strategy: the strategy with its settings.
        reason: why it comes here, or why it is left out.
        suitable: whether it is to be trained.
    """

    strategy: AnyStrategy
    reason: str
    suitable: bool


class Plan(Frozen):
    """The strategies in the order in which they are worth training; scratch is always trained beside them."""

    rows: tuple[PlanRow, ...]

    @property
    def slots(self) -> tuple[AnyStrategy, ...]:
        """The strategies to train, one a slot."""
        return tuple(row.strategy for row in self.rows if row.suitable)


def plan(strategies: Sequence[AnyStrategy], facts: Facts, shift: ShiftReport) -> Plan:
    """Order the strategies, and leave out those that cannot run on these data.

    The policy, in words: with fewer than 10 labels a class the linear probe comes first, because it has the fewest
    parameters to learn; under a strong shift (proxy A-distance of at least 1) domain adaptation comes before
    fine-tuning, the more so with unlabelled target rows; otherwise fine-tuning leads.
    """
    urgency = {kind: _urgency(kind, facts, shift) for kind in {s.kind for s in strategies}}
    order = sorted(strategies, key=lambda strategy: urgency[strategy.kind][0])
    rows = []
    for strategy in order:
        obstacle = strategy.unsuitable(facts)
        reason = urgency[strategy.kind][1] if obstacle is None else f"left out: {obstacle}"
        rows.append(PlanRow(strategy=strategy, reason=reason, suitable=obstacle is None))
    return Plan(rows=tuple(rows))


def _urgency(kind: str, facts: Facts, shift: ShiftReport) -> tuple[float, str]:
    """Rank (lower is sooner) and the reason for it."""
    few = facts.labels_per_class < FEW_LABELS
    strong = shift.proxy_a_distance >= STRONG_SHIFT
    labels = f"{facts.labels_per_class} labelled rows in the rarest class"
    distance = f"proxy A-distance {shift.proxy_a_distance:.2f}"
    if kind == "feature_extraction":
        return (0.0, f"few parameters suit {labels}") if few else (2.5, f"{labels} can carry more than a linear probe")
    if kind == "domain_adversarial":
        if not strong:
            return 3.0, f"little shift to remove ({distance})"
        extra = f" and {facts.unlabelled_rows} unlabelled rows" if facts.unlabelled_rows else ""
        return (0.5 if facts.unlabelled_rows else 1.5), f"strong shift ({distance}){extra}"
    if kind == "fine_tuning":
        return (2.0, f"the source is far ({distance})") if strong else (1.0, f"the source is near ({distance})")
    return 4.0, "as configured"
