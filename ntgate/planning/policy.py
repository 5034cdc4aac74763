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
from ntgate.strategies.rank import Case


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
    """Order the strategies by the rank that each gives itself, and leave out those that cannot run on these data.

    The policy, in words. With fewer than 10 labels a class the linear probe comes first; otherwise it comes late. Under a strong
    shift (proxy A-distance of at least 1) domain adaptation comes before fine-tuning, the more so with unlabelled target rows.
    Without one fine-tuning leads and adaptation comes late, for there is little to remove. Each strategy's own ``rank`` says more.
    """
    case = Case(
        labels_per_class=facts.labels_per_class,
        target_rows=facts.target_rows + facts.unlabelled_rows,
        source_rows=facts.source_rows,
        unlabelled_rows=facts.unlabelled_rows,
        proxy_a_distance=shift.proxy_a_distance,
        raw=shift.representation == "raw",
    )
    ranked = sorted(((strategy, strategy.rank(case)) for strategy in strategies), key=lambda pair: pair[1].place)
    rows = []
    for strategy, rank in ranked:
        obstacle = strategy.unsuitable(facts)
        reason = rank.reason if obstacle is None else f"left out: {obstacle}"
        rows.append(PlanRow(strategy=strategy, reason=reason, suitable=obstacle is None))
    return Plan(rows=tuple(rows))
