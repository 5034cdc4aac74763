"""What can be configured about labels that are asked for after a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntgate.base import NUMBER, Frozen

LabelPolicy = Literal["looks", "as_they_come", "bets"]


class LabelsConfig(Frozen):
    """When labels of rows on which the models disagree are looked at; fixed once they are asked for.

    Attributes:
        policy: ``looks``: the number of labels is fixed when they are asked for, and the verdict is looked for a declared number of
            times: exact, and with few labels. ``as_they_come``: after every label, exact as well; more may be asked for later, for
            which a fifth of the level is kept. ``bets``: the same by a bet on each label, which takes many more.
        looks: how many looks; None: one, whose outcome is told as soon as no label to come can change it. More of them end sooner
            where the gain is large, and see a little less. Only with ``looks``.

    >>> LabelsConfig().declared, LabelsConfig(policy="as_they_come").declared
    (1, None)
    """

    policy: LabelPolicy = "looks"
    looks: Annotated[int, Field(ge=1, le=100), NUMBER] | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> LabelsConfig:
        if self.policy != "looks" and self.looks is not None:
            raise ValueError(f"looks only with policy looks, got policy {self.policy}, which looks after every label")
        return self

    @property
    def declared(self) -> int | None:
        """How many looks are declared; None: there is one after every label."""
        return (self.looks or 1) if self.policy == "looks" else None
