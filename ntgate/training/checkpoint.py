"""What a training needs to go on after it was killed, and whether a file is of this training."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from ntgate.training.config import TrainingConfig
from ntgate.training.curve import CurvePoint
from ntgate.training.streams import Rows

_LOG = logging.getLogger(__name__)
# What makes a run faster but leaves its result alone.
_WITHOUT_EFFECT = {"workers", "device_memory"}


class Resumable(Protocol):
    """Something with a state, such as a stream of batches."""

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs."""
        ...

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a :meth:`state`."""
        ...


class Point(NamedTuple):
    """Where a training stands after an evaluation: the steps taken, the curve, the best weights so far."""

    step: int
    curve: list[CurvePoint]
    best: dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """The file of one training.

    Attributes:
        path: of the file.
        identity: of the training; a file with another one is not resumed from.
        objective: all modules, those that live for the training only among them.
        optimiser: its moments.
        streams: where each stands.
        device: whose random state counts beside the CPU's.
        process: number of this process; process 0 writes.
        processes: each has a random state of its own.
    """

    path: Path
    identity: str
    objective: nn.Module
    optimiser: torch.optim.Optimizer
    streams: Mapping[str, Resumable]
    device: torch.device
    process: int
    processes: int

    def save(self, point: Point) -> None:
        """Write the file, whole or not at all; every process calls this."""
        random = self._random_states()
        if self.process:
            return
        content = {
            "identity": self.identity,
            "step": point.step,
            "curve": [seen.model_dump() for seen in point.curve],
            "best": point.best,
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "streams": {name: stream.state() for name, stream in self.streams.items()},
            "random": random,
        }
        partial = self.path.with_suffix(".partial")
        torch.save(content, partial)
        os.replace(partial, self.path)

    def restore(self) -> Point:
        """Go on from the file, or from the start where there is none of this training."""
        content = self._read() if self.process == 0 else None
        if self.processes > 1:
            read = [content]  # other machines have no such file
            torch.distributed.broadcast_object_list(read, src=0)
            (content,) = read
        if content is None:
            return Point(0, [], {})
        self.objective.load_state_dict(content["objective"])
        self.optimiser.load_state_dict(content["optimiser"])
        for name, stream in self.streams.items():
            stream.restore(content["streams"][name])
        random = content["random"][self.process]
        torch.set_rng_state(random["cpu"])
        if "cuda" in random:
            torch.cuda.set_rng_state(random["cuda"], self.device)
        return Point(content["step"], [CurvePoint(**seen) for seen in content["curve"]], content["best"])

    def _read(self) -> dict[str, Any] | None:
        """The content of the file; None where there is none of this training."""
        if not self.path.is_file():
            return None
        try:
            content: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
            identity = content["identity"]
        except Exception:  # noqa: BLE001  # torch.load raises many kinds for damaged files
            _LOG.warning("%s cannot be read as a checkpoint; the training starts anew", self.path)
            return None
        if identity != self.identity:
            _LOG.warning("%s is of another training (config, seed, data or method); the training starts anew", self.path)
            return None
        return content

    def _random_states(self) -> list[dict[str, Tensor]]:
        own = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            own["cuda"] = torch.cuda.get_rng_state(self.device)
        if self.processes == 1:
            return [own]
        states: list[Any] = [None] * self.processes
        torch.distributed.all_gather_object(states, own)
        return states


def identity(
    objective: nn.Module,
    optimiser: torch.optim.Optimizer,
    streams: Mapping[str, Rows],
    config: TrainingConfig,
    *,
    steps: int,
    seed: int,
    device: torch.device,
) -> str:
    """A digest of all that decides a training's result: config, seed, data, initial weights, and the settings of all modules."""
    settings = {
        f"{path}.{name}": repr(value)
        for path, module in objective.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, bool | int | float | str | tuple) and name != "training"
    }
    groups = [
        {name: repr(value) for name, value in group.items() if name != "params"}
        | {"params": [tuple(parameter.shape) for parameter in group["params"]]}
        for group in optimiser.param_groups
    ]
    content = {
        "config": config.model_dump(mode="json", exclude=_WITHOUT_EFFECT),
        "steps": steps,
        "seed": seed,
        "device": device.type,
        "torch": torch.__version__,
        "objective": [type(objective).__module__, type(objective).__qualname__, settings],
        "groups": groups,
        "weights": {name: _digest(value) for name, value in objective.state_dict().items()},
        "streams": {name: [_digest(rows.x), None if rows.y is None else _digest(rows.y)] for name, rows in streams.items()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _digest(values: Tensor) -> tuple[list[int], int]:
    """Shape, and the sum of the bit patterns; of at most some thousand evenly spaced rows, for data may be large."""
    part = values if values.ndim == 0 else values[:: max(1, len(values) // 2048)]
    whole = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[values.element_size()]
    return list(values.shape), int(part.detach().view(whole).sum(dtype=torch.int64))
