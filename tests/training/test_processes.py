"""Two processes take the same steps as one: on the CPU, over the loopback."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest
import torch
from torch import nn

from ntgate.errors import ModelError
from ntgate.training.class_ratios import ClassRatios
from ntgate.training.config import Mlp, TrainingConfig
from ntgate.training.loop import Objective, fit
from ntgate.training.network import build
from ntgate.training.streams import Order, Rows, Stream
from ntgate.training.supervised import Supervised
from tests.training.toy import SPEC, accuracy, rows

CONFIG = TrainingConfig(steps=60, batch_size=16, evaluations=6, patience=2, learning_rate=1e-2, clip_norm=0.3, device="cpu")


def trained(processes, checkpoint=None, metric=accuracy, dropout=0.0, labelled=None, objective=Supervised):
    network = build(SPEC.model_copy(update={"backbone": Mlp(hidden=(16,), dropout=dropout)}), 0)
    seen = []
    result = fit(
        objective(network),
        {"labelled": rows() if labelled is None else labelled},
        rows(60, 1),
        metric=metric,
        config=CONFIG.model_copy(update={"processes": processes}),
        steps=60,
        seed=0,
        checkpoint=checkpoint,
        progress=lambda step, steps, score: seen.append(step),
    )
    assert seen[-1] == result.steps
    return network, result


def test_two_processes_end_where_one_does():
    """Weights, curve and early stopping; the gradient is clipped, so the mean over processes comes before the clipping."""
    before = dict(os.environ)
    one, alone = trained(1)
    two, together = trained(2)
    assert together.steps == alone.steps
    for seen, expected in zip(together.curve, alone.curve, strict=True):
        assert seen.train_loss == pytest.approx(expected.train_loss, abs=1e-5)
        assert seen.validation_loss == pytest.approx(expected.validation_loss, abs=1e-5)
    for name, value in one.state_dict().items():
        assert torch.allclose(two.state_dict()[name], value, atol=1e-5)
    assert dict(os.environ) == before
    assert not torch.distributed.is_initialized()


class ByClassRatio(Objective):
    """Cross-entropy of rows that count by the running ratios of their classes, against sharpened predictions as a target."""

    def __init__(self, network):
        super().__init__()
        self.network, self.ratios = network, ClassRatios(2)

    def forward(self, batch: Mapping[str, Rows], progress: float):
        logits, labels = self.network(batch["labelled"].x), batch["labelled"].labels
        predicted = logits.detach().softmax(dim=1)
        ratios = self.ratios(predicted, labels, predicted**2 / (predicted**2).sum(dim=1, keepdim=True))
        return (nn.functional.cross_entropy(logits, labels, reduction="none") * ratios[labels]).mean()


def test_class_ratios_are_those_of_the_whole_batch():
    one, two = (trained(processes, objective=ByClassRatio)[0].state_dict() for processes in (1, 2))
    assert all(torch.allclose(two[name], value, atol=1e-5) for name, value in one.items())


@pytest.mark.slow
def test_they_stop_early_together_and_resume_with_their_dropout(tmp_path):
    """Each process has its own random state; a metric that dies leaves no process behind, and the resumed run ends alike."""
    values = [0.1, 0.2, 0.9, 0.3, 0.3]
    calls = []

    def metric(labels, scores):
        calls.append(1)
        return values[len(calls) - 1]

    whole, result = trained(2, metric=metric, dropout=0.3)
    assert (result.steps, result.best.step) == (50, 30)
    calls.clear()

    def dies(labels, scores):
        if len(calls) == 2:
            raise KeyboardInterrupt
        return metric(labels, scores)

    with pytest.raises(KeyboardInterrupt):
        trained(2, tmp_path / "checkpoint", metric=dies, dropout=0.3)
    resumed, result = trained(2, tmp_path / "checkpoint", metric=metric, dropout=0.3)
    assert (result.steps, result.best.step) == (50, 30)
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


class Deadly(Objective):
    """Ends the further process in its third step."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.steps = 0

    def forward(self, batch: Mapping[str, Rows], progress: float):
        self.steps += 1
        if self.steps == 3 and torch.distributed.get_rank() == 1:
            os._exit(9)
        return nn.functional.cross_entropy(self.network(batch["labelled"].x), batch["labelled"].labels)


def test_a_process_that_dies_is_an_error_and_no_hanging():
    with pytest.raises(ModelError, match="expected 2 processes that finish, got process 1 ended with 9"):
        trained(2, objective=Deadly)


def test_nonsense_in_one_share_stops_all():
    x, y = rows().x, rows().y
    with pytest.raises(ModelError, match="a finite loss"):
        trained(2, labelled=Rows(x * float("nan"), y))


@pytest.mark.parametrize("n", [3, 7, 16, 40])
def test_the_shares_make_up_the_batch(n):
    """In every step, also where there are fewer rows than a batch has."""
    whole = Order(n, 8, seed=3, processes=2)
    shares = [Stream(Rows(torch.arange(float(n))), 8, 3, process, 2) for process in range(2)]
    for _ in range(10):
        index = whole.next()
        parts = [stream.next().x.long() for stream in shares]
        assert len(parts[0]) == len(parts[1])
        assert sorted(torch.cat(parts).tolist()) == sorted(index.tolist())
    if n >= 8:
        alone, together = Order(n, 8, seed=3), Order(n, 8, seed=3, processes=2)
        assert all(torch.equal(alone.next(), together.next()) for _ in range(20))
