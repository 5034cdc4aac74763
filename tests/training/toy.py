"""A training in a process of its own, for the tests that kill it: ``python -m tests.training.toy CHECKPOINT WEIGHTS``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from ntgate.training import weights
from ntgate.training.adaptation import Adaptation
from ntgate.training.adversarial import Adversary
from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows

CONFIG = TrainingConfig(steps=60, batch_size=16, evaluations=12, patience=12, learning_rate=1e-2)
SPEC = NetworkSpec(backbone=Mlp(hidden=(16,), dropout=0.2), input_shape=(4,), classes=2)


def rows(n: int = 120, seed: int = 0, shift: float = 0.0) -> Rows:
    x = torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))
    return Rows(x + shift, (x[:, 0] + x[:, 1] > 0).long())


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def adversarial(
    checkpoint: Path | None, config: TrainingConfig = CONFIG, seed: int = 0, strength: float = 0.3, hook=None, metric=accuracy
):
    """Three streams of different length, dropout, and a discriminator beside the network."""
    network = build(SPEC, seed)
    objective = Adaptation(network, Adversary(width=16, classes=2, hidden=8, seed=seed), strength)
    if hook is not None:
        objective.register_forward_pre_hook(hook)
    streams = {"source": rows(150), "labelled": rows(40, 1, 0.5), "target": rows(90, 2, 0.5)}
    fit(objective, streams, rows(60, 3, 0.5), metric=metric, config=config, steps=60, seed=seed, checkpoint=checkpoint)
    return network, objective


class Announce:
    """Tells each step on the standard output, so that the test can kill at any of them."""

    def __init__(self) -> None:
        self.step = 0

    def __call__(self, *_) -> None:
        self.step += 1
        print(self.step, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    torch.set_num_threads(1)
    trained, _ = adversarial(Path(sys.argv[1]), hook=Announce())
    weights.save(trained, Path(sys.argv[2]))
