"""A training that was killed goes on to the same weights; a checkpoint of another training is not gone on from."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from ntgate.training import weights
from ntgate.training.adaptation import Adaptation
from ntgate.training.checkpoint import identity
from ntgate.training.config import TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.reconstruction import Reconstruction
from ntgate.training.supervised import Supervised
from tests.training.toy import CONFIG, SPEC, accuracy, adversarial, rows


@pytest.fixture(scope="module")
def whole():
    network, objective = adversarial(None)
    return network.state_dict(), objective.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def started(tmp_path):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.toy", tmp_path / "checkpoint", tmp_path / "weights.safetensors"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_before(process, step):
    """Let the process take ``step - 1`` steps, then kill it in the next one."""
    for line in process.stdout:
        if int(line) == step:
            break
        process.stdin.write("\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_killed_at_any_step_it_resumes_to_the_same_weights(tmp_path, whole):
    """Killed at a random step, killed again after it resumed, then left alone; all modules end as if nothing had been."""
    step = int(np.random.default_rng(7).integers(6, 50))
    killed_before(started(tmp_path), step)
    content = torch.load(tmp_path / "checkpoint", weights_only=True)
    assert content["step"] == (step - 1) // 5 * 5
    killed_before(started(tmp_path), 8)  # counted from where it resumed
    assert torch.load(tmp_path / "checkpoint", weights_only=True)["step"] == content["step"] + 5
    network, objective = adversarial(tmp_path / "checkpoint")
    assert same(network.state_dict(), whole[0])
    assert same(objective.state_dict(), whole[1])


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 5, 6, 59, 60])
def test_killed_at_the_edges_it_resumes_too(tmp_path, whole, step):
    killed_before(started(tmp_path), step)
    network, objective = adversarial(tmp_path / "checkpoint")
    assert same(network.state_dict(), whole[0])
    assert same(objective.state_dict(), whole[1])


def test_a_finished_training_is_not_trained_again(tmp_path, whole):
    """Also where it stopped early: the last checkpoint is of an arm whose patience is exhausted."""
    impatient = CONFIG.model_copy(update={"patience": 1})
    scores = iter([0.5, 0.9, 0.1])
    first, _ = adversarial(tmp_path / "checkpoint", impatient, metric=lambda *_: next(scores))
    step = torch.load(tmp_path / "checkpoint", weights_only=True)["step"]
    assert step == 15
    calls = []
    again, _ = adversarial(tmp_path / "checkpoint", impatient, hook=lambda *_: calls.append(1))
    assert not calls
    assert same(first.state_dict(), again.state_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"strength": 0.5},
        {"config": CONFIG.model_copy(update={"learning_rate": 2e-2})},
        {"config": CONFIG.model_copy(update={"batch_size": 8})},
    ],
    ids=["seed", "method", "rate", "batch"],
)
def test_a_checkpoint_of_another_training_is_not_used(tmp_path, caplog, change):
    adversarial(tmp_path / "checkpoint")
    with caplog.at_level(logging.WARNING):
        network, _ = adversarial(tmp_path / "checkpoint", **change)
    assert "is of another training" in caplog.text
    assert same(network.state_dict(), adversarial(None, **change)[0].state_dict())


def test_other_rows_make_another_training(tmp_path):
    def trained(labelled, checkpoint):
        network = build(SPEC, 0)
        fit(
            Supervised(network),
            {"labelled": labelled},
            rows(60, 3),
            metric=accuracy,
            config=CONFIG,
            steps=20,
            seed=0,
            checkpoint=checkpoint,
        )
        return network.state_dict()

    trained(rows(seed=0), tmp_path / "checkpoint")
    assert same(trained(rows(seed=5), tmp_path / "checkpoint"), trained(rows(seed=5), None))


def test_the_settings_of_every_module_are_part_of_the_training():
    """Those of the pull too, which decide the result and leave the initial weights alone."""

    def digest(noise):
        network = build(SPEC, 0)
        objective = Adaptation(network, Reconstruction(network, 8, 0, noise), 0.3)
        optimiser = torch.optim.AdamW(objective.parameter_groups(1e-3))
        return identity(objective, optimiser, {"source": rows()}, CONFIG, steps=60, seed=0, device=torch.device("cpu"))

    assert digest(0.1) == digest(0.1)
    assert digest(0.1) != digest(0.2)


@pytest.mark.parametrize("damage", ["truncated", "other", "empty"])
def test_a_damaged_checkpoint_is_not_used(tmp_path, caplog, whole, damage):
    """A file that was cut off while it was written lies beside, under another name; whatever lies there is survived."""
    path = tmp_path / "checkpoint"
    adversarial(path)
    content = path.read_bytes()
    path.with_suffix(".partial").write_bytes(content[: len(content) // 2])
    if damage == "other":
        torch.save({"a": 1}, path)
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    with caplog.at_level(logging.WARNING):
        network, _ = adversarial(path)
    assert "cannot be read as a checkpoint" in caplog.text
    assert same(network.state_dict(), whole[0])


def test_a_pickle_in_place_of_a_checkpoint_is_not_run(tmp_path, whole):
    import pickle

    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (tmp_path / "checkpoint").write_bytes(pickle.dumps({"identity": Hostile()}, protocol=2))
    network, _ = adversarial(tmp_path / "checkpoint")
    assert not (tmp_path / "ran").exists()
    assert same(network.state_dict(), whole[0])


def test_what_only_makes_it_faster_leaves_the_training_the_same(tmp_path):
    """Streaming through workers is the same training: it goes on from a checkpoint of resident rows."""
    network, _ = adversarial(tmp_path / "checkpoint", CONFIG.model_copy(update={"evaluations": 3}))
    config = CONFIG.model_copy(update={"evaluations": 3, "device_memory": 0.0, "workers": 0})
    calls = []
    again, _ = adversarial(tmp_path / "checkpoint", config, hook=lambda *_: calls.append(1))
    assert not calls
    assert same(network.state_dict(), again.state_dict())


def test_weights_of_a_training_in_another_process_are_the_same(tmp_path, whole):
    process = started(tmp_path)
    process.communicate("\n" * 60)
    assert process.returncode == 0
    assert same(weights.read(tmp_path / "weights.safetensors"), whole[0])


def test_shares_have_to_be_equal():
    with pytest.raises(ValueError, match="batch_size 15 cannot be shared equally by 2 processes"):
        TrainingConfig(batch_size=15, processes=2)
