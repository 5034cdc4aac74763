"""Streams: workers give the batches that rows on the device give, and pixels become the encoder's floats."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ntgate.data.domain import Domain
from ntgate.data.encoder import ImageEncoder
from ntgate.errors import ModelError
from ntgate.training.config import Cnn, NetworkSpec, TrainingConfig
from ntgate.training.loop import Objective, fit
from ntgate.training.network import Normaliser, build
from ntgate.training.source import embed, rows_of
from ntgate.training.streams import Rows, Stream, WorkerStream, floats
from ntgate.training.supervised import Supervised
from tests.training.toy import accuracy

ENCODER = ImageEncoder(height=8, width=9, channels=3)


def domain(n: int = 90, seed: int = 0) -> Domain:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    pixels = rng.integers(0, 200, (n, 8, 9, 3)) + 55 * y[:, None, None, None]
    return Domain("images", pixels.astype(np.uint8), y, ("a", "b"))


def test_pixels_become_the_floats_of_the_encoder():
    part = domain()
    rows = rows_of(ENCODER, part)
    assert rows.x.dtype == torch.uint8
    expected = torch.from_numpy(ENCODER.encode(part.rows))
    assert torch.equal(floats(rows.x), expected)
    batch = Stream(rows, 90, 0).next()
    assert torch.equal(batch.x, Stream(Rows(expected, rows.y), 90, 0).next().x)
    every = torch.arange(256, dtype=torch.uint8)
    assert np.array_equal(floats(every).numpy(), np.arange(256, dtype=np.float32) / np.float32(255))


def test_the_normaliser_takes_the_same_statistics_of_pixels_and_floats():
    part = domain(2500)
    of_pixels, of_floats = Normaliser(ENCODER.shape), Normaliser(ENCODER.shape)
    of_pixels.fit(rows_of(ENCODER, part).x)
    of_floats.fit(torch.from_numpy(ENCODER.encode(part.rows)))
    assert torch.allclose(of_pixels.mean, of_floats.mean, rtol=1e-6)
    assert torch.allclose(of_pixels.scale, of_floats.scale, rtol=1e-6)
    assert torch.equal(of_pixels(rows_of(ENCODER, part).x[:5]), of_pixels(torch.from_numpy(ENCODER.encode(part.rows[:5]))))


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_give_the_same_batches_and_go_on_with_them(workers):
    rows = rows_of(ENCODER, domain())
    for process, processes in ((0, 1), (1, 2)):
        stream = Stream(rows, 16, 3, process, processes)
        worked = WorkerStream(rows, 16, 3, process, processes, device=torch.device("cpu"), workers=workers)
        for _ in range(8):
            batch, other = stream.next(), worked.next()
            assert torch.equal(batch.x, other.x)
            assert torch.equal(batch.y, other.y)
        again = WorkerStream(rows, 16, 99, process, processes, device=torch.device("cpu"), workers=workers)
        again.restore(worked.state())
        for _ in range(8):
            assert torch.equal(again.next().x, stream.next().x)


def test_unlabelled_rows_stream_too():
    rows = dataclasses.replace(rows_of(ENCODER, domain()), y=None)
    batch = WorkerStream(rows, 16, 3, device=torch.device("cpu"), workers=1).next()
    assert batch.y is None
    assert batch.x.shape == (16, 3, 8, 9)


def test_rows_beyond_the_memory_train_to_the_same_weights():
    spec = NetworkSpec(backbone=Cnn(channels=(4,), width=8), input_shape=ENCODER.shape, classes=2)
    trained = []
    for memory in (1.0, 0.0):
        network = build(spec, 0)
        network.normaliser.fit(rows_of(ENCODER, domain()).x)
        config = TrainingConfig(batch_size=16, evaluations=2, device_memory=memory, device="cpu")
        fit(
            Supervised(network),
            {"labelled": rows_of(ENCODER, domain())},
            rows_of(ENCODER, domain(40, 1)),
            metric=accuracy,
            config=config,
            steps=20,
            seed=0,
        )
        trained.append(network.state_dict())
    assert all(torch.equal(value, trained[1][name]) for name, value in trained[0].items())
    assert embed(network, ENCODER, domain()).shape == (90, 8)


class Greedy(Objective):
    """Wants more memory than any machine has."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, batch, progress):
        return torch.empty(2**50).sum()


def test_memory_that_runs_out_is_an_error_with_a_remedy():
    network = build(NetworkSpec(backbone=Cnn(), input_shape=ENCODER.shape, classes=2), 0)
    with pytest.raises(ModelError, match=r"memory for 64 rows of each stream a step.*lower batch_size"):
        fit(
            Greedy(network),
            {"labelled": rows_of(ENCODER, domain())},
            rows_of(ENCODER, domain()),
            metric=accuracy,
            config=TrainingConfig(device="cpu"),
            steps=2,
            seed=0,
        )
