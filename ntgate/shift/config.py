"""What can be configured about the measure of shift."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen


class ShiftConfig(Frozen):
    """The measure of shift.

    Attributes:
        permutations: of the MMD test; the smallest p-value it can give is ``1 / (permutations + 1)``.
        alpha: level of the test.
        max_rows: of each domain; more are sampled down, seeded.
        evidently: write the Evidently page too.
    """

    permutations: int = Field(500, ge=99)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    max_rows: int = Field(10_000, ge=50)
    evidently: bool = True
