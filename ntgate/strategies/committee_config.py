"""What can be said of the committee; apart from it, so that a config is read without what trains."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen, Real

SCRATCH, COMMITTEE = "scratch", "committee"  # what the two committees are called as strategies
TOGETHER = {SCRATCH: "training from scratch", COMMITTEE: "the committee of all arms"}  # for people


class CommitteeConfig(Frozen):
    """How arms are put together.

    Attributes:
        shrinkage: labelled rows that it takes for learnt weights to count half; with few, every fitted model counts alike.
        distil: make one network of the committee, which is then what is judged and shipped.
    """

    shrinkage: Real = Field(1000.0, ge=0, le=1e9)
    distil: bool = False
