"""The result of one arm, and the one place where an arm is trained and may fail."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from ntgate.base import Artifact, Frozen
from ntgate.errors import LostError, MachineError, NtgateError, StoreError, TooLargeError
from ntgate.models import AnyModel, Model
from ntgate.models.base import Scores
from ntgate.strategies.base import Arm, Strategy, cannot_read
from ntgate.training.curve import CurvePoint


class Candidate(Frozen):
    """The result of one arm, trained or failed.

    Attributes:
        strategy: the strategy's kind.
        parameters: the strategy's settings.
        notes: what the strategy learnt beside the weights, by name.
        failed: why there is no model; None when there is one.
        left_out: whether it was not trained, since the rows are none for it.
        model: what was learnt.
        classes: class names, in the order of the scores.
        held: its scores ``(n, c)`` of the target's labelled rows, each by a model that had not seen it; NaN where none held it out.
        until: the point of the curve that the model on all rows was trained to.
        validation: score of these scores, in the gate's metric; more is better, a loss is negative.
        validation_loss: their cross-entropy.
        steps: optimisation steps taken, until early stopping ended the arm.
        budget: optimisation steps that it was allowed.
        began: when the training began, seconds since the epoch; None where nobody noted it.
        seconds: wall time.
        curve: learning curve.
        members: of a committee the arms that it was made of, with those that have no say.
    """

    strategy: str
    parameters: dict[str, JsonValue] = {}
    notes: dict[str, JsonValue] = {}
    failed: str | None = None
    left_out: bool = False
    model: AnyModel | None = None
    classes: tuple[str, ...] = ()
    held: Artifact | None = None
    until: int | None = None
    validation: float | None = None
    validation_loss: float | None = None
    steps: int = 0
    budget: int = 0
    began: float | None = None
    seconds: float = 0.0
    curve: tuple[CurvePoint, ...] = ()
    members: tuple[Candidate, ...] = ()

    @property
    def rank(self) -> tuple[float, float]:
        """Greater is better: the score of rows held out, then the loss; a failed arm comes last."""
        if self.validation is None or self.validation_loss is None:
            return float("-inf"), float("-inf")
        return self.validation, -self.validation_loss

    def held_scores(self) -> Scores:
        """The scores in :attr:`held`."""
        if self.held is None:
            raise ValueError(f"the arm {self.strategy!r} has no scores of rows held out")
        with np.load(self.held.verified(), allow_pickle=False) as content:
            scores: Scores = content["scores"]
        return scores

    def load(self) -> Model:
        """The trained model."""
        if self.model is None:
            raise ValueError(f"the arm {self.strategy!r} has no model: {self.failed}")
        return self.model.load()


def train(strategy: Strategy, arm: Arm, directory: Path) -> Candidate:
    """Train one arm on all labelled rows and write it to ``directory``, with the scores of those rows by models without them.

    Where the arm knows already how far to go, no rows are held out.

    A strategy that fails on these data (a loss that diverges, memory that runs out, numbers that a decomposition cannot cope
    with, a backbone that raises) gives a candidate with the reason in ``failed``, so that the other arms go on.
    """
    from ntgate.machine import out_of_memory
    from ntgate.strategies.out_of_fold import train_on_all

    at, began = time.time(), time.perf_counter()
    parameters = strategy.model_dump(mode="json", exclude={"kind"})
    read_by_network = arm.source is not None and arm.source.network is not None
    if arm.view.train.texts and not strategy.can_read(read_by_network):
        reason = cannot_read(arm.view.train.texts)
        return Candidate(strategy=strategy.kind, parameters=parameters, failed=reason, left_out=True, began=at)
    try:
        with strategy.answers():
            found = train_on_all(strategy, arm)
    except TooLargeError as error:
        return Candidate(strategy=strategy.kind, parameters=parameters, failed=error.why, left_out=True, began=at)
    except (MachineError, StoreError, LostError):
        raise
    except (NtgateError, MemoryError, RuntimeError, np.linalg.LinAlgError) as error:
        if isinstance(error, RuntimeError) and not out_of_memory(error):
            raise
        reason = "memory ran out: " + (str(error).splitlines() or ["no more is known"])[0] if out_of_memory(error) else str(error)
        return Candidate(
            strategy=strategy.kind, parameters=parameters, failed=reason, began=at, seconds=time.perf_counter() - began
        )
    directory.mkdir(parents=True, exist_ok=True)
    held = directory / f"{strategy.kind}.held.npz"
    if found.scores is not None:
        np.savez_compressed(held, allow_pickle=False, scores=found.scores)
    return Candidate(
        strategy=strategy.kind,
        parameters=parameters,
        notes=dict(found.trained.notes),
        model=found.trained.model.save(directory / strategy.kind),
        classes=arm.view.train.classes,
        held=None if found.scores is None else Artifact.of(held),
        until=found.until,
        validation=found.validation,
        validation_loss=found.validation_loss,
        steps=found.trained.steps,
        budget=arm.steps,
        began=at,
        seconds=time.perf_counter() - began,
        curve=found.curve,
    )
