"""What can be configured about labels that are asked for after a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntgate.base import NUMBER, Frozen


class LabelsConfig(Frozen):
    """When labels of rows on which the models disagree are looked at; fixed once they are asked for.

    Attributes:
        policy: ``looks``: the number of labels is fixed when they are asked for, and the verdict is looked for a declared number of
            times: exact, and with few labels. ``bets``: after every label; more may be asked for later, and more are needed.
        looks: how many looks; None: one, whose outcome is told as soon as no label to come can change it. More of them end sooner
            where the gain is large, and see a little less. Only with ``looks``.

    >>> LabelsConfig().declared, LabelsConfig(policy="bets").declared
    (1, None)
    """

    policy: Literal["looks", "bets"] = "looks"
    looks: Annotated[int, Field(ge=1, le=100), NUMBER] | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> LabelsConfig:
        if self.policy == "bets" and self.looks is not None:
            raise ValueError("looks only with policy looks, got policy bets, which looks after every label")
        return self

    @property
    def declared(self) -> int | None:
        """How many looks are declared; None: bets look after every label."""
        return (self.looks or 1) if self.policy == "looks" else None
