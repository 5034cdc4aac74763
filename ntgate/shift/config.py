"""What can be configured about the measure of shift."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen, Real, Whole


class ShiftConfig(Frozen):
    """The measure of shift.

    Attributes:
        permutations: of the MMD test; the smallest p-value it can give is ``1 / (permutations + 1)``.
        alpha: level of all tests together: nine tenths for the joint test, the rest for the features one by one.
        tolerated_effect: the effect size up to which a significant shift is tolerated; 0 tolerates none. A single feature is a
            shift where it moved by more than this effect comes to in one feature, and in more than 10 % of the rows.
        max_rows: of each domain; more are sampled down, seeded.
        evidently: write the Evidently page too.

    With many rows every difference is significant, so a trigger needs a size beside the p-value. The effect size is the
    coefficient of inhomogeneity (Szekely and Rizzo, J. Stat. Plan. Inference 143 (2013), section 2): the part of the mean
    dissimilarity between source and target rows that is not already there within each of them; 0 when the domains are the
    same, 1 when each is a point of its own. It does not depend on the number of rows. For independent normal features it is,
    at the median bandwidth, about

    ==================================  ===============  ===============  ===============
    the means move by                   0.2 deviations   0.5 deviations   1 deviation
    ==================================  ===============  ===============  ===============
    in all features (one, 8 or 64)      0.012 - 0.015    0.05 - 0.085     0.19 - 0.27
    in one of 8 features                0.002            0.010            0.036
    in one of 64 features               0.0003           0.0015           0.005
    ==================================  ===============  ===============  ===============

    No one number above 0 suits every width, so the default tolerates nothing; take yours from a shift that did no harm.
    """

    permutations: Whole = Field(500, ge=99, le=100_000)
    alpha: Real = Field(0.05, ge=1e-6, lt=0.5)
    tolerated_effect: Real = Field(0.0, ge=0, lt=1)
    max_rows: Whole = Field(10_000, ge=50, le=10_000_000)
    evidently: bool = True
