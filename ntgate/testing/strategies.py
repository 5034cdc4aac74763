"""What every strategy keeps."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain, TrainingView

if TYPE_CHECKING:
    from torch import Tensor

    from ntgate.strategies.base import Arm, Strategy
    from ntgate.strategies.candidate import Candidate

_PARITY = 1e-4


def check_strategy(strategy: Strategy, *, least_accuracy: float = 0.8) -> None:
    """Hold a strategy to what every strategy of ntgate keeps.

    It is written to JSON and read again; it learns three separable classes of a target that is its source moved a little; twice
    with one seed it learns the same; its data are as they were; what it leaves is stored without a pickle, loaded again with the
    same scores, and exported to an ONNX model that scores alike; where it cannot run on a source that lacks a class it says so.

    Args:
        strategy: with the settings to be checked.
        least_accuracy: on 300 rows of the target that it has not seen.

    Raises:
        AssertionError: with the promise that is broken.

    >>> from ntgate.strategies.pool import LinearPool
    >>> check_strategy(LinearPool())
    """
    from ntgate.export.parity import check_parity
    from ntgate.strategies import STRATEGIES
    from ntgate.strategies.base import Facts

    written = STRATEGIES.written(strategy)
    assert STRATEGIES.read(written) == strategy, f"it reads itself again from {written}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arm = _arm(folder)
        reason = strategy.unsuitable(Facts.of(arm.view))
        assert reason is None, f"it runs where the source knows every class, and says: {reason}"
        before = _bytes(arm.view)
        one, other = (_trained(strategy, arm, folder / part) for part in ("one", "other"))
        assert _bytes(arm.view) == before, "it leaves the rows as they were"
        assert one.model is not None
        assert other.model is not None
        assert one.model.sha256 == other.model.sha256, "it learns the same twice with one seed"
        assert one.curve == other.curve, "its learning curve is the same twice with one seed"
        test = _blobs("test", 300, 0.4, 4)
        scores = one.load().scores(test.rows)
        assert scores.shape == (300, 3), f"its model gives a score a class, (300, 3), and not {scores.shape}"
        assert np.isfinite(scores).all(), "its model's scores are finite"
        accuracy = float(np.mean(scores.argmax(axis=1) == test.labels))
        assert accuracy >= least_accuracy, f"it learns an easy target to {least_accuracy}, and reached {accuracy:.3f}"
        again = type(one).model_validate_json(one.model_dump_json())
        assert np.array_equal(again.load().scores(test.rows), scores), "its stored model scores as it did"
        assert not [path.name for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]
        one.load().export(folder / "model.onnx")
        check_parity(folder / "model.onnx", test.rows, scores, tolerance=_PARITY)
        lacking = Facts.of(replace(arm.view, source=_blobs("source", 200, 0.0, 0, classes=("a", "b"))))
        reason = strategy.unsuitable(lacking)
        assert reason is None or (isinstance(reason, str) and reason), "it says why it cannot run, or nothing"


def _trained(strategy: Strategy, arm: Arm, folder: Path) -> Candidate:
    from ntgate.strategies.candidate import train

    folder.mkdir()
    candidate = train(strategy, arm, folder)
    assert candidate.failed is None, f"it trains, and says: {candidate.failed}"
    return candidate


def _arm(folder: Path) -> Arm:
    from ntgate.strategies.base import Arm
    from ntgate.training.config import Mlp, TrainingConfig
    from ntgate.training.source import pretrain

    view = TrainingView(
        _blobs("source", 300, 0.0, 0),
        _blobs("train", 45, 0.4, 1),
        _blobs("validation", 30, 0.4, 2),
        replace(_blobs("unlabelled", 100, 0.4, 3), y=None),
    )
    config, backbone = TrainingConfig(steps=200, source_steps=200, batch_size=32, learning_rate=5e-3), Mlp(hidden=(16,))
    targets = [view.train, *([] if view.unlabelled is None else [view.unlabelled])]
    source = pretrain(view.source, targets, backbone, config, _accuracy, 0, folder / "source.safetensors")
    return Arm(view, source, backbone, config, _accuracy, seed=0)


def _accuracy(labels: Tensor, scores: Tensor) -> float:
    return float((scores.argmax(dim=1) == labels).float().mean())


def _blobs(name: str, n: int, shift: float, seed: int, classes: tuple[str, ...] = ("a", "b", "c")) -> Domain:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % len(classes)
    centres = np.array([[2.0, 0], [-2, 2], [-2, -2]])[: len(classes)]
    x = np.hstack([centres[y] + rng.normal(0, 0.7, (n, 2)), rng.normal(size=(n, 2))]) + shift
    return Domain(name, x.astype(np.float32), y.astype(np.int64), classes)


def _bytes(view: TrainingView) -> list[bytes]:
    parts: list[npt.NDArray[np.generic]] = []
    for domain in (view.source, view.train, view.validation, view.unlabelled):
        if domain is not None:
            parts += [np.asarray(domain.rows), *([] if domain.y is None else [domain.y])]
    return [part.tobytes() for part in parts]
