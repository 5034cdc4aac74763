"""What can be configured about the gate."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ntgate.base import NUMBER, Frozen, Real, Whole
from ntgate.gate.budget import Account, level_of
from ntgate.gate.finding import TITLES
from ntgate.gate.labels_config import LabelsConfig
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.own_rule import AnyRule, Rule
from ntgate.metrics import AnyMetric
from ntgate.metrics.accuracy import Accuracy


def rows_that_can_show(alpha: float, margin: float, *, doubled: bool = False) -> int:
    """With fewer test rows no gain is significant, not even where the candidate wins every row.

    The likeliest such outcome of a candidate that is no better than the margin has probability ``((1 + margin) / 2)^n``.

    Args:
        alpha: level of one decision.
        margin: the gain that has to be exceeded.
        doubled: whether p-values count twice, as those of several divisions of a cross-fitting do.

    >>> rows_that_can_show(0.05, 0.0), rows_that_can_show(0.05 / 52, 0.0), rows_that_can_show(0.05, 0.5)
    (5, 11, 11)
    """
    return math.ceil(math.log(alpha / (2 if doubled else 1)) / math.log((1 + margin) / 2) - 1e-9)


FOR_SCRATCH = 0.1  # of the level, where scratch may take the place of a champion that has collapsed
_DIVISIONS = 3  # fewer do not hold the level where training is not stable


class Slice(Frozen):
    """A part of the test rows on which the candidate must not lose, whatever it gains elsewhere.

    Attributes:
        by: ``class``, or the column whose values divide the test rows; each value is a slice of its own.
        margin: loss of accuracy on a slice that is still "not worse".
        min_rows: with fewer rows a slice is too small for a verdict.
    """

    by: str = Field(min_length=1)
    margin: Real = Field(0.05, gt=0, lt=1)
    min_rows: Whole = Field(20, ge=1, le=10_000_000)


class CrossFitting(Frozen):
    """Evidence from all labelled target rows, for targets too small to leave test rows aside.

    In turn each fold is held out, the whole choice among strategies is made without it, and the chosen arm and scratch are
    scored on it. What is judged is the way of making the model; what is shipped is made in the same way from all rows.

    Attributes:
        folds: parts that are held out in turn.
        repeats: divisions into folds, at least three; their p-values are combined whatever their dependence.
    """

    folds: Whole = Field(5, ge=2, le=50)
    repeats: Whole = Field(3, le=50, json_schema_extra={"minimum": _DIVISIONS})

    @field_validator("repeats")
    @classmethod
    def _divided_often_enough(cls, repeats: int) -> int:
        if repeats < _DIVISIONS:
            raise ValueError(
                f"at least {_DIVISIONS} divisions: on 40 rows with random labels at alpha 0.05 a worthless candidate passed in "
                "up to 8.7 % of simulations with one division, in 6.4 % with two, and in 4.2 % or less with three or more"
            )
        return repeats


class GateConfig(Frozen):
    """The rules a candidate has to pass.

    Attributes:
        metric: the score that is compared; its gains, and all margins, are in its own units.
        alpha: largest probability of promoting a candidate that does not beat scratch.
        margin: the gain over scratch that has to be exceeded.
        learner_alpha: level at which the candidate has to be shown to be better than each of scratch's learners alone; null: it is
            enough that none of them is shown to be better.
        champion_margin: loss against the champion that is still "not worse".
        compression_margin: loss against the candidate before compression that is still "not worse".
        ledger: how repeated decisions on the same test rows are paid for.
        labels: when labels of rows on which the models disagree are looked at (`ntgate ask`, `ntgate judge`).
        seeds: seeds an arm; the pair of the first seed is shipped and tested, and the gain over all must not contradict it.
        slices: parts of the test rows on which the candidate must not be worse either; a name stands for a slice with defaults.
        wanted_gain: the gain that is worth promoting for: `ntgate plan` says how many test labels it takes to see it.
        min_test_rows: with fewer test rows the verdict is inconclusive.
        cross_fitting: judge by folds of the target instead of test rows; for accuracy, on training that is stable.
        resamples: of the bootstrap, for the metrics that need it.
        rules: further rules of one's own, each by ``package.module:Class`` or the name of an entry point.
        on_collapse: what becomes of a champion that is shown to have collapsed, where the candidate does not pass: ``tell`` says so
            beside the verdict, ``scratch`` offers scratch in its place, for a tenth of the level.
        swapped_labels: where labels are shown to be swapped between classes of the target: ``refuse`` promotes nothing, ``accept``
            says that it is meant.
        max_onnx_difference: largest difference between the scores of a network and of its exported model.
        approval: ``required``: what passed is registered with the alias ``challenger``, and becomes the champion when somebody says
            ``ntgate approve``; ``none``: at once.
        approval_days: days after which an approval is refused, and has to be asked for by another run.
        approvers: accounts that may approve, by MLflow's user name, or this system's where the server has no users; empty: whoever
            may write to the registry.
    """

    metric: AnyMetric = Field(Accuracy(), json_schema_extra={"default": "accuracy"})
    alpha: Real = Field(0.05, ge=1e-6, lt=0.5)
    margin: Real = Field(0.0, ge=0, le=1e9)
    learner_alpha: Annotated[float, Field(ge=1e-6, le=0.5, allow_inf_nan=False), NUMBER] | None = 0.1
    champion_margin: Real = Field(0.02, gt=0, le=1e9)
    compression_margin: Real = Field(0.02, gt=0, le=1e9)
    ledger: LedgerConfig = LedgerConfig()
    labels: LabelsConfig = LabelsConfig()
    seeds: Whole = Field(3, ge=1, le=20)
    slices: tuple[Slice, ...] = ()
    wanted_gain: Real = Field(0.03, ge=1e-6, lt=1)
    min_test_rows: Whole = Field(30, ge=1, le=10_000_000)
    cross_fitting: CrossFitting | None = None
    resamples: Whole = Field(5000, ge=200, le=1_000_000)
    rules: tuple[AnyRule, ...] = Field((), max_length=50)
    on_collapse: Literal["tell", "scratch"] = "tell"
    swapped_labels: Literal["refuse", "accept"] = "refuse"
    max_onnx_difference: Real = Field(1e-4, gt=0, le=1)
    approval: Literal["none", "required"] = "none"
    approval_days: Whole = Field(14, ge=1, le=365)
    approvers: tuple[Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^,]+$")], ...] = Field((), max_length=40)

    @field_validator("margin", "champion_margin", "compression_margin")
    @classmethod
    def _within_reach(cls, margin: float, info: ValidationInfo) -> float:
        span = info.data["metric"].span if "metric" in info.data else math.inf
        if margin >= span:
            raise PydanticCustomError("less_than", "expected a number below {lt}", {"lt": span})
        return margin

    @field_validator("slices", mode="before")
    @classmethod
    def _named(cls, slices: Any) -> Any:
        if not isinstance(slices, list | tuple):
            return slices
        return [{"by": given} if isinstance(given, str) else given for given in slices]

    @field_validator("rules")
    @classmethod
    def _names_of_their_own(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        kinds = [rule.kind for rule in rules]
        for kind in kinds:
            if kind in TITLES or kind.startswith("slice ") or kinds.count(kind) > 1:
                raise ValueError(f"each rule once, under a kind that is no rule of the gate, got {kind}")
        return rules

    @property
    def level(self) -> float:
        """Of one decision on fresh rows, of those that are declared.

        >>> GateConfig().level, round(GateConfig(ledger={"budget": {"decisions": 9}}).level, 6)
        (0.05, 0.005)
        """
        budget, even = self.ledger.budget, self.alpha / self.ledger.horizon
        return self.of_candidate(even if budget is None else min(even, level_of(Account(), budget, self.alpha)))

    def of_candidate(self, level: float) -> float:
        """The part of a decision's level that the candidate is tested at; the rest is for scratch in a champion's place."""
        return level if self.on_collapse == "tell" else (1 - FOR_SCRATCH) * level

    @model_validator(mode="after")
    def _something_could_pass(self) -> GateConfig:
        level, budget = self.level, self.ledger.budget
        named = "alpha / ledger.horizon" if budget is None else "the level that ledger.budget grants,"
        least, resampled = self.metric.least_p_value(level, self.resamples), self.metric.resampled
        if self.cross_fitting is None and self.ledger.policy != "e_process" and least > level:
            raise ValueError(
                f"{named} of at least {least:.3g}, the smallest p-value that {self.metric} can have"
                + (f" with {self.resamples} resamples" if resampled else "")
                + f": at {level:.3g} nothing could ever pass"
                + (f"; {math.ceil(1 / level)} resamples would do" if resampled else "")
            )
        rows, needed = self.min_test_rows, rows_that_can_show(level, self.margin / self.metric.span)
        if self.ledger.policy != "e_process" and rows < needed:
            raise ValueError(
                f"min_test_rows of at least {needed}: if the candidate won every one of {rows} rows, the p-value would still be "
                f"above {named} = {level:.3g}"
            )
        return self

    @property
    def counts_right_rows(self) -> bool:
        """Whether what is compared is how many rows are right, as streams and cross-fitting count them."""
        return type(self.metric) is Accuracy

    @model_validator(mode="after")
    def _counted_rows_alone(self) -> GateConfig:
        if self.ledger.policy != "e_process":
            return self
        for name, stands in (
            (f"metric {self.metric}", not self.counts_right_rows),
            ("slices", bool(self.slices)),
            ("cross_fitting", self.cross_fitting is not None),
        ):
            if stands:
                raise ValueError(f"ledger policy e_process with accuracy alone, which it counts row by row; got {name}")
        return self

    @model_validator(mode="after")
    def _replaced_on_test_rows(self) -> GateConfig:
        judged = "ledger policy e_process" if self.ledger.policy == "e_process" else "cross_fitting"
        if self.on_collapse == "scratch" and (judged != "cross_fitting" or self.cross_fitting is not None):
            raise ValueError(f"on_collapse scratch with test rows that the champion is judged on once, got {judged}")
        return self
