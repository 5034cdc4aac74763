"""What can be configured about the wear of test rows."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from ntgate.base import Frozen, Whole

Policy: TypeAlias = Literal["spend", "e_process", "none"]


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
        uri: the ledger's database, ``sqlite:///FILE`` or ``postgresql://...``; None: the registry's.

    >>> LedgerConfig().withheld, LedgerConfig(horizon=52).withheld, LedgerConfig(horizon=52, withhold=False).withheld
    (False, True, False)
    """

    policy: Policy = "spend"
    horizon: Whole = Field(1, ge=1, le=10_000)
    withhold: bool | None = None
    uri: str | None = None

    @property
    def withheld(self) -> bool:
        """Whether results are kept back until the first pass."""
        return self.policy == "spend" and (self.horizon > 1 if self.withhold is None else self.withhold)

    @field_validator("uri")
    @classmethod
    def _kept_and_shared(cls, uri: str | None) -> str | None:
        # A reference is judged by its value, when it is used.
        if uri is not None and not uri.startswith("$[") and not re.match(r"postgresql(\+\w+)?://.|sqlite(\+\w+)?:///[^:]", uri):
            raise ValueError("sqlite:///FILE or a postgresql:// address")
        return uri

    @model_validator(mode="after")
    def _what_is_shared_is_accounted_for(self) -> LedgerConfig:
        if self.withhold and self.policy != "spend":
            raise ValueError(f"withhold only with policy spend, got policy {self.policy}")
        if self.horizon > 1 and self.policy == "none":
            raise ValueError("horizon only with an account of use, got policy none")
        return self
