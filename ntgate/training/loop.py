"""The only training loop: batches from named streams, an objective, early stopping on validation rows."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ntgate.errors import ModelError
from ntgate.training.config import TrainingConfig
from ntgate.training.curve import CurvePoint
from ntgate.training.network import Network
from ntgate.training.streams import Rows, Stream

Progress = Callable[[int, int, float], None]  # step, steps, validation score
Metric = Callable[[Tensor, Tensor], float]  # labels (n,), scores (n, c), both on the CPU


class Objective(nn.Module, ABC):
    """What is minimised: a network, whatever else is learnt beside it, and a loss over one batch of each stream."""

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


def launch(config: TrainingConfig) -> Fabric:
    """A Fabric on the configured device and precision."""
    cuda = config.device != "cpu" and torch.cuda.is_available()
    if config.device == "cuda" and not cuda:
        raise ModelError("training.device", expected="a CUDA GPU", got="none", fix="set device to auto or cpu")
    precision = config.precision if config.precision != "auto" else ("bf16-mixed" if cuda else "32-true")
    fabric = Fabric(accelerator="cuda" if cuda else "cpu", devices=1, precision=precision)
    fabric.launch()
    return fabric


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
) -> Fit:
    """Minimise ``objective`` over ``streams`` and leave the best weights on ``validation`` in its network.

    AdamW with a linear warm-up and a cosine decay over ``steps``; the gradient's norm is clipped. After each twentieth
    of the budget (``config.evaluations``) the validation rows are scored, and the arm stops early after
    ``config.patience`` evaluations without improvement. Everything random comes from generators seeded with ``seed``, so
    that on one device the same seed gives the same weights.

    Args:
        objective: the loss with its modules.
        streams: rows by name; each is shuffled and repeated on its own, so lengths may differ.
        validation: labelled target rows.
        metric: score to maximise, given labels ``(n,)`` and softmax scores ``(n, c)``.
        config: optimiser settings.
        steps: the budget.
        seed: seeds the order of the rows and the dropout.
        progress: told about each evaluation.
        checkpoint: written at each evaluation; when it exists the training resumes from it, with the same result.

    Raises:
        ModelError: when the loss stops being finite.
    """
    began = time.perf_counter()
    fabric = launch(config)
    device = fabric.device
    objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # convolutions run up to twice as fast
    optimiser = torch.optim.AdamW(
        objective.parameter_groups(config.learning_rate), weight_decay=config.weight_decay, fused=True
    )
    module, optimiser = fabric.setup(objective, optimiser)
    warm_up = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / warm_up) * _cosine(step / steps)
    )
    on_device = {
        name: Stream(rows.to(device), config.batch_size, seed + 7919 * i)
        for i, (name, rows) in enumerate(streams.items())
    }
    held = validation.to(device)
    every = max(1, steps // config.evaluations)
    state = _State(module=objective, optimiser=optimiser, schedule=schedule, streams=on_device)
    curve: list[CurvePoint] = []
    best: dict[str, Tensor] = {}
    losses = torch.zeros((), device=device)
    start = 0
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        if checkpoint is not None and checkpoint.is_file():
            start, curve, best = state.restore(checkpoint)
        for step in range(start + 1, steps + 1):
            module.train()
            batch = {name: stream.next() for name, stream in on_device.items()}
            loss = module(batch, step / steps)
            optimiser.zero_grad(set_to_none=True)
            fabric.backward(loss)
            fabric.clip_gradients(module, optimiser, max_norm=config.clip_norm, error_if_nonfinite=False)
            optimiser.step()
            schedule.step()
            losses += loss.detach()
            if step % every and step != steps:
                continue
            point = _evaluate(
                objective.network, held, metric, step, float(losses) / (step - (curve[-1].step if curve else 0))
            )
            losses.zero_()
            if not _finite(point):
                raise ModelError(
                    "training",
                    expected="a finite loss",
                    got=f"{point.train_loss} after {step} steps",
                    fix="lower learning_rate",
                )
            if not curve or point.rank > max(seen.rank for seen in curve):
                best = {name: value.detach().clone() for name, value in objective.network.state_dict().items()}
            curve.append(point)
            if progress is not None:
                progress(step, steps, point.validation)
            if checkpoint is not None:
                state.save(checkpoint, step, curve, best)
            if len(curve) - 1 - curve.index(max(curve, key=lambda point: point.rank)) >= config.patience:
                break
    objective.network.load_state_dict(best)
    objective.to("cpu", memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    return Fit(curve=tuple(curve), steps=curve[-1].step, seconds=time.perf_counter() - began)


@dataclass(frozen=True)
class _State:
    """Everything that a resumed training needs besides the config."""

    module: nn.Module
    optimiser: Any
    schedule: Any
    streams: Mapping[str, Stream]

    def save(self, path: Path, step: int, curve: list[CurvePoint], best: dict[str, Tensor]) -> None:
        content = {
            "step": step,
            "curve": [point.model_dump() for point in curve],
            "best": best,
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": {"last_epoch": self.schedule.last_epoch},
            "streams": {name: stream.state() for name, stream in self.streams.items()},
            "random": torch.get_rng_state(),
        }
        partial = path.with_suffix(".partial")
        torch.save(content, partial)
        os.replace(partial, path)

    def restore(self, path: Path) -> tuple[int, list[CurvePoint], dict[str, Tensor]]:
        content = torch.load(path, weights_only=True)
        self.module.load_state_dict(content["module"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.schedule.last_epoch = content["schedule"]["last_epoch"]
        for name, stream in self.streams.items():
            stream.restore(content["streams"][name])
        torch.set_rng_state(content["random"])
        return content["step"], [CurvePoint(**point) for point in content["curve"]], content["best"]


@torch.inference_mode()
def _evaluate(network: Network, rows: Rows, metric: Metric, step: int, train_loss: float) -> CurvePoint:
    network.eval()
    logits = torch.cat([network(x).float() for x in rows.x.split(1024)]).cpu()
    labels = rows.labels.cpu()
    loss = float(nn.functional.cross_entropy(logits, labels))
    score = metric(labels, logits.softmax(dim=1)) if torch.isfinite(logits).all() else float("nan")
    return CurvePoint(step=step, train_loss=train_loss, validation_loss=loss, validation=score)


def _finite(point: CurvePoint) -> bool:
    return all(abs(value) < float("inf") for value in (point.train_loss, point.validation_loss, point.validation))


def _cosine(done: float) -> float:
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * min(done, 1.0)))))
