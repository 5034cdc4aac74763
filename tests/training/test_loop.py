"""The training loop: it learns, is deterministic, resumes, and stops on nonsense."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ntgate.errors import ModelError
from ntgate.training import weights
from ntgate.training.config import Cnn, Imported, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import Normaliser, build
from ntgate.training.streams import Rows, Stream
from ntgate.training.supervised import Supervised

CONFIG = TrainingConfig(steps=60, batch_size=16, evaluations=6, patience=6, learning_rate=1e-2)
SPEC = NetworkSpec(backbone=Mlp(hidden=(16,)), input_shape=(4,), classes=2)


def rows(n: int = 120, seed: int = 0) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=generator)
    return Rows(x, (x[:, 0] + x[:, 1] > 0).long())


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def trained(seed=0, checkpoint=None, metric=accuracy, config=CONFIG):
    network = build(SPEC, seed)
    result = fit(
        Supervised(network),
        {"labelled": rows()},
        rows(60, 1),
        metric=metric,
        config=config,
        steps=60,
        seed=seed,
        checkpoint=checkpoint,
    )
    return network, result


def test_it_learns_a_separable_task():
    _, result = trained()
    assert result.best.validation > 0.85


def test_the_same_seed_gives_the_same_weights_and_torch_is_left_alone():
    torch.manual_seed(123)
    before = torch.get_rng_state()
    one, other = trained()[0].state_dict(), trained()[0].state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_killed_training_resumes_to_the_same_weights(tmp_path):
    whole, _ = trained()
    calls = []

    def dies(labels, scores):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return accuracy(labels, scores)

    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=tmp_path / "c", metric=dies)
    assert (tmp_path / "c").is_file()
    resumed, result = trained(checkpoint=tmp_path / "c")
    assert [point.step for point in result.curve] == [10, 20, 30, 40, 50, 60]
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


def test_the_best_weights_are_kept_not_the_last():
    network, result = trained(metric=iter_metric([0.5, 0.9, 0.1, 0.1, 0.1, 0.1]))
    kept = network.state_dict()
    assert result.best.step == 20
    again, _ = trained(config=CONFIG.model_copy(update={"patience": 1}), metric=iter_metric([0.5, 0.9, 0.1]))
    assert all(torch.equal(kept[name], again.state_dict()[name]) for name in kept)


def iter_metric(values):
    iterator = iter(values)
    return lambda *_: next(iterator)


def test_a_diverging_loss_is_an_error_with_a_remedy():
    with pytest.raises(ModelError, match=r"a finite loss.*lower learning_rate"):
        trained(config=CONFIG.model_copy(update={"learning_rate": 1e30, "clip_norm": 1e30}))


class Breaks(Supervised):
    """Its loss is NaN in one step, for its rows alone: without a gradient the weights stay as they are."""

    def __init__(self, network, step):
        super().__init__(network)
        self.taken, self.step = 0, step

    def forward(self, batch, progress):
        self.taken += 1
        loss = super().forward(batch, progress)
        return loss + torch.full((), torch.nan) if self.taken == self.step else loss


def test_a_nan_between_two_evaluations_is_found_soon():
    """There is one evaluation, after the last of 5,000 steps; the loss is looked at sooner than that."""
    objective = Breaks(build(SPEC, 0), step=60)
    with pytest.raises(ModelError, match="expected a finite loss, got nan after 100 steps; lower learning_rate"):
        fit(
            objective,
            {"labelled": rows()},
            rows(60, 1),
            metric=accuracy,
            config=CONFIG.model_copy(update={"evaluations": 1}),
            steps=5000,
            seed=0,
        )
    assert objective.taken == 100
    assert all(torch.isfinite(value).all() for value in objective.network.state_dict().values())


def test_a_gpu_that_is_not_there_is_an_error():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="expected a CUDA GPU, got none"):
        trained(config=CONFIG.model_copy(update={"device": "cuda"}))


def test_a_stream_shows_every_row_before_any_comes_again():
    stream = Stream(Rows(torch.arange(7.0)), 3, seed=0)
    seen = torch.cat([stream.next().x for _ in range(7)])
    assert sorted(seen[:7].tolist()) == sorted(seen[7:14].tolist()) == list(range(7))


def test_the_normaliser_leaves_dead_features_alone():
    x = torch.zeros(1000, 3)
    x[:, 0] = torch.randn(1000)
    x[0, 1] = 1.0  # dead but for one row
    normaliser = Normaliser((3,))
    normaliser.fit(x)
    assert normaliser(x)[:, 0].std() == pytest.approx(1, abs=0.01)
    assert normaliser(x)[0, 1] == pytest.approx(10, abs=0.1)  # by its standard deviation it would be 20 and more
    assert torch.isfinite(normaliser(torch.full((1, 3), 1e30))).all()


@pytest.mark.parametrize(("backbone", "shape"), [(Mlp(), (5, 5)), (Cnn(), (8, 8)), (Cnn(), (3, 9, 12))])
def test_backbones_take_their_shapes(backbone, shape):
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=4), 0)
    assert network(torch.zeros(3, *shape)).shape == (3, 4)


def test_any_module_can_be_the_backbone():
    backbone = Imported(path="torch.nn:Flatten", arguments={"start_dim": 1})
    network = build(NetworkSpec(backbone=backbone, input_shape=(2, 3), classes=4), 0)
    assert network.embed(torch.zeros(5, 2, 3)).shape == (5, 6)
    with pytest.raises(ModelError, match=r"features of shape \(n, width\)"):
        build(NetworkSpec(backbone=Imported(path="torch.nn:Identity"), input_shape=(2, 3), classes=4), 0)
    with pytest.raises(ModelError, match=r"expected a torch\.nn\.Module, got dict"):
        build(NetworkSpec(backbone=Imported(path="builtins:dict"), input_shape=(2,), classes=4), 0)


def test_weights_round_trip_and_checkpoints_of_either_kind_load(tmp_path):
    network = build(SPEC, 3)
    artifact = weights.save(network, tmp_path / "w.safetensors")
    again = weights.load(SPEC, artifact)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in network.state_dict().items())
    torch.save(network.features.state_dict(), tmp_path / "features.pt")
    other = build(SPEC, 4)
    assert weights.load_backbone(other, weights.read(tmp_path / "features.pt"), "features.pt").statistics is False
    assert torch.equal(other.features[1].weight, network.features[1].weight)


def test_a_checkpoint_of_another_architecture_is_told(tmp_path):
    torch.save(nn.Linear(4, 99).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"got other shapes for 1\.weight \(99, 4\), 1\.bias \(99,\)"):
        weights.load_backbone(build(SPEC, 0), weights.read(tmp_path / "w.pt"), "w.pt")


def test_numbers_other_than_tensors_are_no_weights(tmp_path):
    torch.save({"a": 1.0}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="something else than named tensors"):
        weights.read(tmp_path / "w.pt")
    np.save(tmp_path / "w.npy", np.zeros(3))
    with pytest.raises(ModelError, match=r"weights: a \.safetensors file"):
        weights.read(tmp_path / "w.npy")
