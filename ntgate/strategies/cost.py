"""What training costs, before it is done: from the seconds that a step of the source model took, and the size of the rows."""

from __future__ import annotations

from typing import NamedTuple

USUAL_SHARE = 0.7  # of the budget that an arm takes before early stopping ends it


class Cost(NamedTuple):
    """What the seconds of an arm depend on.

    Attributes:
        step: seconds of one optimisation step of the backbone; None where the source model came from a checkpoint and took none.
        steps: budget of an arm.
        fits: how often an arm is trained: once a fold, and on all rows.
        source_rows: labelled source rows.
        target_rows: labelled target rows to train on.
        width: numbers of an encoded row.
        classes: of the target.
    """

    step: float | None
    steps: int
    fits: int
    source_rows: int
    target_rows: int
    width: int
    classes: int

    def network(self, streams: int = 1) -> float | None:
        """Seconds of an arm that trains a network on batches of so many streams.

        >>> Cost(0.01, 400, 4, 2000, 200, 256, 10).network(streams=2)
        22.4
        """
        return None if self.step is None else streams * self.step * self.steps * USUAL_SHARE * self.fits
