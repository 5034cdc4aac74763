"""The order of the strategies, from evidence that is cheap: the shift, the labels a class, the unlabelled rows.

No score of transferability chooses well by itself (Agostinelli et al., "How stable are transferability metrics evaluations?",
ECCV 2022), so the evidence sets the order only; the choice is made on validation rows and judged on the gate's rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from ntgate.base import Frozen
from ntgate.shift.report import ShiftReport
from ntgate.strategies import AnyStrategy
from ntgate.strategies.base import Facts, Strategy
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case


class PlanRow(Frozen):
    """One strategy of the plan.

    Attributes:
        strategy: the strategy with its settings.
        reason: why it comes here, or why it is left out.
        suitable: whether it is to be trained.
        seconds: about how long that takes; None where it cannot be said.
    """

    strategy: AnyStrategy
    reason: str
    suitable: bool
    seconds: float | None = None


class Plan(Frozen):
    """The strategies in the order in which they are worth training; scratch is always trained beside them.

    Attributes:
        rows: the strategies.
        scratch_seconds: about how long scratch's learners take together; None where it cannot be said.
    """

    rows: tuple[PlanRow, ...]
    scratch_seconds: float | None = None

    @property
    def slots(self) -> tuple[AnyStrategy, ...]:
        """The strategies to train, one a slot."""
        return tuple(row.strategy for row in self.rows if row.suitable)


def plan(
    strategies: Sequence[AnyStrategy],
    facts: Facts,
    shift: ShiftReport | None,
    *,
    cost: Cost | None = None,
    scratch: Sequence[Strategy] = (),
    seconds: float | None = None,
) -> Plan:
    """Order the strategies by the rank that each gives itself, and leave out those that cannot run on these data.

    The policy, in words. With fewer than 10 labels a class the linear probe comes first; otherwise it comes late. Under a strong
    shift (proxy A-distance of at least 1) domain adaptation comes before fine-tuning, the more so with unlabelled target rows.
    Without one fine-tuning leads and adaptation comes late, for there is little to remove. Each strategy's own ``rank`` says more.

    Where there is nothing to measure a ``shift`` from, it is taken for weak. Where training has only so many ``seconds``, scratch
    is trained, then what fits in the plan's order.
    """
    case = Case(
        labels_per_class=facts.labels_per_class,
        target_rows=facts.target_rows + facts.unlabelled_rows,
        source_rows=facts.source_rows,
        unlabelled_rows=facts.unlabelled_rows,
        proxy_a_distance=None if shift is None else shift.proxy_a_distance,
        raw=shift is not None and shift.representation == "raw",
    )
    ranks = []
    for strategy in strategies:
        with strategy.answers():
            ranks.append(strategy.rank(case))
    ranked = sorted(zip(strategies, ranks, strict=True), key=lambda pair: pair[1].place)
    alone = None if cost is None else _total([learner.seconds(cost) for learner in scratch])
    left = None if seconds is None else seconds - (alone or 0.0)
    rows = []
    for strategy, rank in ranked:
        with strategy.answers():
            obstacle = strategy.obstacle(facts)
            takes = None if cost is None else strategy.seconds(cost)
        if obstacle is None and left is not None and takes is not None:
            if takes > left:
                obstacle = f"it takes about {takes:.0f} s, and of training.seconds {max(left, 0):.0f} are left"
            else:
                left -= takes
        reason = rank.reason if obstacle is None else f"left out: {obstacle}"
        rows.append(PlanRow(strategy=strategy, reason=reason, suitable=obstacle is None, seconds=takes))
    return Plan(rows=tuple(rows), scratch_seconds=alone)


def _total(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
