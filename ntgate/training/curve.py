"""One point of a learning curve."""

from __future__ import annotations

import math

from ntgate.base import Frozen


class CurvePoint(Frozen):
    """One evaluation on the validation rows.

    Attributes:
        step: optimisation steps taken so far.
        train_loss: mean loss since the evaluation before.
        validation_loss: cross-entropy on the validation rows.
        validation: score on the validation rows, in the gate's metric; more is better, a loss is negative. NaN where it is not
            defined on them.
    """

    step: int
    train_loss: float
    validation_loss: float
    validation: float

    @property
    def rank(self) -> tuple[float, float]:
        """Greater is better: few validation rows give few distinct scores, so the loss breaks the ties."""
        return -math.inf if math.isnan(self.validation) else self.validation, -self.validation_loss
