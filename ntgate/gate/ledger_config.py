"""What can be configured about the wear of test rows."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from ntgate.base import NUMBER, Frozen, Whole
from ntgate.environment_references import PORT, odd_port

Policy: TypeAlias = Literal["spend", "e_process", "none"]


class BudgetConfig(Frozen):
    """What a model's decisions within any 360 days may spend together, on fresh rows too.

    Attributes:
        decisions: how many are meant; they share nine tenths of the budget evenly, and whatever comes beyond shares the rest.
        alpha: the largest probability that any of them promotes a worthless candidate; None: that of the gate.
    """

    decisions: Whole = Field(52, ge=1, le=10_000)
    alpha: Annotated[float, Field(ge=1e-6, lt=1), NUMBER] | None = None


class LedgerConfig(Frozen):
    """How repeated decisions on the same test rows are paid for.

    Attributes:
        policy: ``spend``: every row has ``alpha`` to be spent once, over ``horizon`` decisions; ``e_process``: a stream of fresh
            rows, on which ``horizon`` fixed candidates bet and are judged at any time; ``none``: repeated use is recorded but not
            accounted for.
        horizon: how many decisions one set of test rows is meant for, or how many candidates one stream; each is tested at
            ``alpha / horizon``.
        withhold: whether results are kept back until the first pass; None: where ``horizon`` exceeds 1. Where they are shown, the
            bound holds only if nobody tunes on them.
        budget: what the decisions of a model within a year may spend together; None: each has ``alpha`` on fresh rows, as often as
            there are any.
        uri: the ledger's database, ``sqlite:///FILE`` or ``postgresql://...``; None: the registry's.

    >>> LedgerConfig().withheld, LedgerConfig(horizon=52).withheld, LedgerConfig(horizon=52, withhold=False).withheld
    (False, True, False)
    """

    policy: Policy = "spend"
    horizon: Whole = Field(1, ge=1, le=10_000)
    withhold: bool | None = None
    budget: BudgetConfig | None = None
    uri: str | None = None

    @property
    def withheld(self) -> bool:
        """Whether results are kept back until the first pass."""
        return self.policy == "spend" and (self.horizon > 1 if self.withhold is None else self.withhold)

    @field_validator("uri")
    @classmethod
    def _kept_and_shared(cls, uri: str | None) -> str | None:
        # A reference is judged by its value, when it is used.
        if uri is not None and "$[" not in uri and not re.match(r"postgresql(\+\w+)?://.|sqlite(\+\w+)?:///[^:]", uri):
            raise ValueError("sqlite:///FILE or a postgresql:// address")
        if uri is not None and "$[" not in uri and odd_port(uri):
            raise ValueError(PORT)
        return uri

    @model_validator(mode="after")
    def _what_is_shared_is_accounted_for(self) -> LedgerConfig:
        if self.withhold and self.policy != "spend":
            raise ValueError(f"withhold only with policy spend, got policy {self.policy}")
        if self.budget is not None and self.policy != "spend":
            raise ValueError(f"budget only with policy spend, got policy {self.policy}")
        if self.horizon > 1 and self.policy == "none":
            raise ValueError("horizon only with an account of use, got policy none")
        return self
