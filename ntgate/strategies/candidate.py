"""The result of one arm, and the one place where an arm is trained and may fail."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import JsonValue

from ntgate.base import Frozen
from ntgate.errors import LostError, MachineError, NtgateError, StoreError
from ntgate.models import AnyModel, Model
from ntgate.strategies.base import Arm, Strategy
from ntgate.training.curve import CurvePoint


class Candidate(Frozen):
    """The result of one arm, trained or failed.

    Attributes:
        strategy: the strategy's kind.
        parameters: the strategy's settings.
        notes: what the strategy learnt beside the weights, by name.
        failed: why there is no model; None when there is one.
        model: what was learnt.
        classes: class names, in the order of the scores.
        validation: score on the validation rows; more is better, a loss is negative.
        validation_loss: cross-entropy there.
        steps: optimisation steps taken, until early stopping ended the arm.
        budget: optimisation steps that it was allowed.
        began: when the training began, seconds since the epoch; None where nobody noted it.
        seconds: wall time.
        curve: learning curve.
    """

    strategy: str
    parameters: dict[str, JsonValue] = {}
    notes: dict[str, JsonValue] = {}
    failed: str | None = None
    model: AnyModel | None = None
    classes: tuple[str, ...] = ()
    validation: float | None = None
    validation_loss: float | None = None
    steps: int = 0
    budget: int = 0
    began: float | None = None
    seconds: float = 0.0
    curve: tuple[CurvePoint, ...] = ()

    @property
    def rank(self) -> tuple[float, float]:
        """Greater is better: the validation score, then the loss; a failed arm comes last."""
        if self.validation is None or self.validation_loss is None:
            return float("-inf"), float("-inf")
        return self.validation, -self.validation_loss

    def load(self) -> Model:
        """The trained model."""
        if self.model is None:
            raise ValueError(f"the arm {self.strategy!r} has no model: {self.failed}")
        return self.model.load()


def train(strategy: Strategy, arm: Arm, directory: Path) -> Candidate:
    """Train one arm and write its weights to ``directory``.

    A strategy that fails on these data (a loss that diverges, memory that runs out, numbers that a decomposition cannot cope
    with, a backbone that raises) gives a candidate with the reason in ``failed``, so that the other arms go on.
    """
    import numpy as np

    from ntgate.machine import out_of_memory

    at, began = time.time(), time.perf_counter()
    parameters = strategy.model_dump(mode="json", exclude={"kind"})
    try:
        trained = strategy.train(arm)
    except (MachineError, StoreError, LostError):
        raise
    except (NtgateError, MemoryError, RuntimeError, np.linalg.LinAlgError) as error:
        if isinstance(error, RuntimeError) and not out_of_memory(error):
            raise
        reason = (
            "memory ran out: " + (str(error).splitlines() or ["no more is known"])[0]
            if out_of_memory(error)
            else str(error)
        )
        return Candidate(
            strategy=strategy.kind,
            parameters=parameters,
            failed=reason,
            began=at,
            seconds=time.perf_counter() - began,
        )
    best = max(trained.curve, key=lambda point: point.rank)
    return Candidate(
        strategy=strategy.kind,
        parameters=parameters,
        notes=dict(trained.notes),
        model=trained.model.save(directory / strategy.kind),
        classes=arm.view.train.classes,
        validation=best.validation,
        validation_loss=best.validation_loss,
        steps=trained.steps,
        budget=arm.steps,
        began=at,
        seconds=time.perf_counter() - began,
        curve=trained.curve,
    )
