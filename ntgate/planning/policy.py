"""The order of the strategies, from evidence that is cheap: the shift, the labels a class, the unlabelled rows.

No score of transferability chooses well by itself (Agostinelli et al., "How stable are transferability metrics evaluations?",
ECCV 2022), so the evidence sets the order only; the choice is made on validation rows and judged on the gate's rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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


class Rank(NamedTuple):
    """Where a kind comes (lower is sooner), and why: a template over the words that :func:`plan` has for the evidence."""

    place: float
    reason: str


class Case(NamedTuple):
    """What a kind's place depends on.

    Attributes:
        few: whether labels are few.
        strong: whether the shift is.
        unlabelled: whether there are unlabelled target rows.
        raw: whether the domains are compared on raw features, as tables are, and not on what a network makes of images.
    """

    few: bool
    strong: bool
    unlabelled: bool
    raw: bool


def plan(strategies: Sequence[AnyStrategy], facts: Facts, shift: ShiftReport) -> Plan:
    """Order the strategies, and leave out those that cannot run on these data.

    The policy, in words. With fewer than 10 labels a class the linear probe comes first, because it has the fewest
    parameters to learn; otherwise it comes late. Under a strong shift (proxy A-distance of at least 1) domain adaptation
    comes before fine-tuning, the more so with unlabelled target rows: the adversary first, then moments, then
    reconstruction, which asks for no more than that features hold what rows look like. Without one fine-tuning leads and
    adaptation comes late, for there is little to remove. Multi-task learning and learnt shares of the source keep what the
    source knows: they come right after fine-tuning, and before it with few labels, when forgetting is easiest.

    Instance transfer lives on source rows that resemble the target. Without a strong shift there are many: with few labels it
    comes right after what has least to learn. Under a strong shift few source rows carry all of the weight (Cortes et al.,
    "Learning Bounds for Importance Weighting", NeurIPS 2010: the variance grows with that of the weights), so it comes late. A
    shallow alignment fits one linear head on mapped features: on raw features (a table) it stands beside the linear probe, and
    under a strong shift before it, for a map is what such a shift calls for, the more so with unlabelled rows to estimate it
    from; on the embedding of images it comes behind the methods that train the features.
    """
    case = Case(
        few=facts.labels_per_class < FEW_LABELS,
        strong=shift.proxy_a_distance >= STRONG_SHIFT,
        unlabelled=facts.unlabelled_rows > 0,
        raw=shift.representation == "raw",
    )
    words = {
        "labels": f"{facts.labels_per_class} labelled rows in the rarest class",
        "distance": f"proxy A-distance {shift.proxy_a_distance:.2f}",
        "unlabelled": f" and {facts.unlabelled_rows} unlabelled rows" if case.unlabelled else "",
        "source": f"{facts.source_rows} source rows",
        "rows": f"{facts.target_rows + facts.unlabelled_rows} target rows",
    }
    ranks = _ranks(case)
    order = sorted(strategies, key=lambda strategy: ranks[strategy.kind].place)
    rows = []
    for strategy in order:
        obstacle = strategy.unsuitable(facts)
        reason = ranks[strategy.kind].reason.format(**words)
        rows.append(
            PlanRow(
                strategy=strategy,
                reason=reason if obstacle is None else f"left out: {obstacle}",
                suitable=obstacle is None,
            )
        )
    return Plan(rows=tuple(rows))


def _ranks(case: Case) -> Mapping[str, Rank]:
    """The rank of each kind in a case."""
    adapts = 0.5 if case.unlabelled else 1.5
    return {
        "feature_extraction": (
            Rank(0.0, "few parameters suit {labels}")
            if case.few
            else Rank(2.5, "{labels} can carry more than a linear probe")
        ),
        "domain_adversarial": (
            Rank(adapts, "strong shift ({distance}){unlabelled}")
            if case.strong
            else Rank(3.0, "little shift to remove ({distance})")
        ),
        "moment_matching": (
            Rank(adapts + 0.1, "strong shift ({distance}){unlabelled}, matched without a second player")
            if case.strong
            else Rank(3.1, "little shift to match ({distance})")
        ),
        "encoder_decoder": (
            Rank(adapts + 0.2, "strong shift ({distance}){unlabelled}, rebuilt by the features")
            if case.strong
            else Rank(3.2, "little shift that target rows could tell of ({distance})")
        ),
        "fine_tuning": (
            Rank(2.0, "the source is far ({distance})") if case.strong else Rank(1.0, "the source is near ({distance})")
        ),
        "multi_task": (
            Rank(0.9, "the source task steadies the trunk where there are only {labels}")
            if case.few
            else Rank(2.1, "{labels} leave less for the source task to steady")
        ),
        "parameter_transfer": (
            Rank(0.95, "the source's weights count where there are only {labels}")
            if case.few
            else Rank(2.2, "{labels} can tell how much each block should take from the source")
        ),
        "instance_transfer": _instances(case),
        "alignment": _alignment(case),
    }


def _instances(case: Case) -> Rank:
    if case.strong:
        return Rank(
            3.4, "strong shift ({distance}): few of the {source} resemble the target and would carry all of the weight"
        )
    if case.few:
        return Rank(0.3, "many of the {source} resemble the target ({distance}) and add to {labels}")
    return Rank(2.3, "many of the {source} resemble the target ({distance}), but {labels} need them less")


def _alignment(case: Case) -> Rank:
    if not case.raw:
        return (
            Rank(
                2.4,
                "strong shift ({distance}) of an embedding, mapped by its moments over {rows} without training it further",
            )
            if case.strong
            else Rank(3.3, "little shift of the embedding to map ({distance})")
        )
    if case.strong:
        place = -0.1 if case.few and case.unlabelled else 0.05 if case.few else 1.8
        return Rank(place, "strong shift of raw features ({distance}), mapped by their moments over {rows}")
    return (
        Rank(0.2, "few parameters suit {labels}, and there is a little shift to map ({distance})")
        if case.few
        else Rank(2.6, "{labels} can carry more than a linear head on mapped features")
    )
