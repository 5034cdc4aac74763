"""The only training loop: batches from named streams, an objective, early stopping on validation rows."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ntgate.errors import ModelError
from ntgate.machine import out_of_memory
from ntgate.training.checkpoint import Checkpoint, Point, identity
from ntgate.training.config import TrainingConfig
from ntgate.training.curve import CurvePoint
from ntgate.training.network import Network, their_gradients
from ntgate.training.processes import average_gradients, joined, shared
from ntgate.training.streams import Rows, Stream, WorkerStream

# Steps between two looks at the loss: a look waits for the device, so that one a step would slow the loop down.
_LOOKS = 50
Progress = Callable[[int, int, float], None]  # step, steps, validation score
Metric = Callable[[Tensor, Tensor], float]  # labels (n,), scores (n, c), both on the CPU


class Objective(nn.Module, ABC):
    """What is minimised: a network, whatever else is learnt beside it, and a loss over one batch of each stream.

    What it learns or counts lives in parameters and buffers, so that a training that was killed finds it again.
    """

    network: Network

    @abstractmethod
    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:
        """The loss, a scalar; ``progress`` runs from 0 to 1 over the budget."""

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The optimiser's parameter groups; one group with the base rate unless a strategy says otherwise."""
        return [{"params": [p for p in self.parameters() if p.requires_grad], "lr": learning_rate}]


@dataclass(frozen=True)
class Fit:
    """A finished training: the network carries the best weights seen on the validation rows."""

    curve: tuple[CurvePoint, ...]
    steps: int
    seconds: float

    @property
    def best(self) -> CurvePoint:
        """The evaluation whose weights were kept."""
        return max(self.curve, key=lambda point: point.rank)


def fit(
    objective: Objective,
    streams: Mapping[str, Rows],
    validation: Rows,
    *,
    metric: Metric,
    config: TrainingConfig,
    steps: int,
    seed: int,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    until: int | None = None,
) -> Fit:
    """Minimise ``objective`` over ``streams`` and leave the best weights on ``validation`` in its network.

    AdamW with a linear warm-up and a cosine decay over ``steps``; the gradient's norm is clipped. After each twentieth
    of the budget (``config.evaluations``) the validation rows are scored, and the arm stops early after
    ``config.patience`` evaluations without improvement. Everything random comes from generators seeded with ``seed``, so
    that on one device the same seed gives the same weights.

    With ``config.processes``, or under torchrun, each process takes its share of every batch, and the gradients are averaged: the
    same steps as one process takes, for a loss that is a mean over rows. This process alone evaluates and writes the checkpoint.

    Args:
        objective: the loss with its modules.
        streams: rows by name; each is shuffled and repeated on its own, so lengths may differ.
        validation: labelled target rows.
        metric: score to maximise, given labels ``(n,)`` and softmax scores ``(n, c)``.
        config: optimiser settings.
        steps: the budget.
        seed: seeds the order of the rows and the dropout.
        progress: told about each evaluation.
        checkpoint: written at each evaluation; when it exists and is of this training, the training resumes from it, with
            the same result.
        until: the evaluation to stop at, with the weights of then; None: as far as the validation rows show.

    Raises:
        ModelError: when the loss stops being finite, or memory runs out.
    """
    began = time.perf_counter()
    config = shared(config)
    work = partial(_train, objective, streams, None, None, config, steps, seed, None, checkpoint, until)
    try:
        with joined(config, work) as fabric:
            point = _train(objective, streams, validation, metric, config, steps, seed, progress, checkpoint, until, fabric)
    except (MemoryError, RuntimeError) as error:
        # What a decomposition makes of numbers that are not finite.
        if isinstance(error, torch.linalg.LinAlgError):  # type: ignore[attr-defined]
            raise _diverged(str(error).splitlines()[0]) from error
        if not out_of_memory(error):
            raise
        raise ModelError(
            "training",
            expected=f"memory for {config.batch_size} rows of each stream a step",
            got=str(error).splitlines()[0] if str(error) else "no memory left",
            fix="lower batch_size or device_memory",
        ) from error
    objective.network.load_state_dict(point.best)
    objective.to("cpu", memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    return Fit(curve=tuple(point.curve), steps=point.step, seconds=time.perf_counter() - began)


def _train(
    objective: Objective,
    streams: Mapping[str, Rows],
    validation: Rows | None,
    metric: Metric | None,
    config: TrainingConfig,
    steps: int,
    seed: int,
    progress: Progress | None,
    path: Path | None,
    until: int | None,
    fabric: Fabric,
) -> Point:
    """The loop of one process; ``validation`` and ``metric`` are given to process 0 alone."""
    device = fabric.device
    # Convolutions run up to twice as fast with their channels last.
    objective.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(objective.parameter_groups(config.learning_rate), weight_decay=config.weight_decay, fused=True)
    rates = [group["lr"] for group in optimiser.param_groups]
    trainable = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    checkpoint, batches = None, _batches(streams, config, seed, fabric)
    if path is not None:
        of_this = identity(objective, optimiser, streams, config, steps=steps, seed=seed, device=device)
        checkpoint = Checkpoint(path, of_this, objective, optimiser, batches, device, fabric.global_rank, fabric.world_size)
    every = max(1, steps // config.evaluations)
    smallest = min(stream.share for stream in batches.values())
    losses = torch.zeros((), device=device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed + 104_729 * fabric.global_rank)
        point = checkpoint.restore() if checkpoint is not None else Point(0, [], {})
        _ready(objective, smallest)
        while point.step < steps and not _ended(point.curve, config.patience, until):
            next_look = min(point.step + every - point.step % every, steps)
            for step in range(point.step + 1, next_look + 1):
                batch = {name: stream.next() for name, stream in batches.items()}
                with fabric.autocast():
                    loss = objective(batch, step / steps)
                part = _schedule(step - 1, steps)
                for group, rate in zip(optimiser.param_groups, rates, strict=True):
                    group["lr"] = rate * part
                optimiser.zero_grad(set_to_none=True)
                with their_gradients(objective.network):
                    loss.backward()
                if fabric.world_size > 1:
                    average_gradients(trainable, fabric.world_size)
                nn.utils.clip_grad_norm_(trainable, config.clip_norm)
                optimiser.step()
                losses += loss.detach()
                if step % _LOOKS == 0:
                    _mean(fabric, losses, step - point.step, step)
            seen = _evaluate(fabric, objective.network, validation, metric, next_look, losses, next_look - point.step)
            losses.zero_()
            _ready(objective, smallest)
            best = point.best
            if until is not None or not point.curve or seen.rank > max(before.rank for before in point.curve):
                best = {name: value.detach().clone() for name, value in objective.network.state_dict().items()}
            point = Point(next_look, [*point.curve, seen], best)
            if progress is not None:
                progress(next_look, steps, seen.validation)
            if checkpoint is not None:
                checkpoint.save(point)
    return point


def _ready(objective: Objective, smallest: int) -> None:
    """Put the objective into training mode; ``smallest`` is the number of rows in the smallest batch of a stream.

    One row has no variance to be normalised by: batch normalisation then goes by its running statistics, as it does in scoring,
    and its scale and shift are trained.
    """
    objective.train()
    if smallest == 1:
        for module in objective.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


def _batches(streams: Mapping[str, Rows], config: TrainingConfig, seed: int, fabric: Fabric) -> dict[str, Stream | WorkerStream]:
    """The streams; all rows live on the device when together they fit there."""
    fits = sum(rows.bytes for rows in streams.values()) <= config.device_memory * 2**30
    batches: dict[str, Stream | WorkerStream] = {}
    for i, (name, rows) in enumerate(streams.items()):
        order = config.batch_size, seed + 7919 * i, fabric.global_rank, fabric.world_size
        if fits:
            batches[name] = Stream(rows.to(fabric.device), *order)
        else:
            batches[name] = WorkerStream(rows, *order, device=fabric.device, workers=config.workers)
    return batches


def _evaluate(
    fabric: Fabric, network: Network, rows: Rows | None, metric: Metric | None, step: int, losses: Tensor, since: int
) -> CurvePoint:
    """Score the validation rows in process 0, and tell the others.

    Raises:
        ModelError: when a loss is not finite, in every process.
    """
    train_loss = _mean(fabric, losses, since, step)
    seen = _score(network, rows, metric, step, train_loss) if rows is not None and metric is not None else None
    point: CurvePoint = fabric.broadcast(seen) if fabric.world_size > 1 else seen  # type: ignore[assignment]
    if not math.isfinite(point.validation_loss):
        raise _diverged(f"{point.validation_loss} on the validation rows after {step} steps")
    return point


def _mean(fabric: Fabric, losses: Tensor, since: int, step: int) -> float:
    """The mean of the summed ``losses`` of ``since`` steps over all processes.

    Raises:
        ModelError: when it is not finite, in every process.
    """
    if fabric.world_size > 1:
        losses = fabric.all_reduce(losses.clone(), reduce_op="mean")
    mean = float(losses) / since
    if not math.isfinite(mean):
        raise _diverged(f"{mean} after {step} steps")
    return mean


def _diverged(got: str) -> ModelError:
    return ModelError("training", expected="a finite loss", got=got, fix="lower learning_rate")


@torch.inference_mode()
def _score(network: Network, rows: Rows, metric: Metric, step: int, train_loss: float) -> CurvePoint:
    network.eval()
    device = network.head.weight.device
    logits = torch.cat([network(x.to(device)).float() for x in rows.x.split(1024)]).cpu()
    labels = rows.labels.cpu()
    loss = float(nn.functional.cross_entropy(logits, labels))
    score = metric(labels, logits.softmax(dim=1)) if math.isfinite(loss) else float("nan")
    return CurvePoint(step=step, train_loss=train_loss, validation_loss=loss, validation=score)


def _ended(curve: list[CurvePoint], patience: int, until: int | None) -> bool:
    """Whether it is time to stop: ``until`` is reached, or without one the last ``patience`` evaluations brought nothing better."""
    if until is not None:
        return len(curve) >= until
    return bool(curve) and len(curve) - 1 - curve.index(max(curve, key=lambda point: point.rank)) >= patience


def _schedule(step: int, steps: int) -> float:
    """The rate of step ``step`` (from 0) as a part of the peak: a linear warm-up over a twentieth, then a cosine decay."""
    cosine = 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * min(step / steps, 1.0)))))
    return min(1.0, (step + 1) / max(1, steps // 20)) * cosine
