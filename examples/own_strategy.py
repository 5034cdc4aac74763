"""A strategy of one's own in a run: the nearest class mean over both domains, checked, trained, gated and shipped as any other.

python examples/own_strategy.py      # writes runs/ and mlflow.db where it is started
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from digits import clean_and_worn

import ntgate
from ntgate.data.encoder import fit_encoder
from ntgate.models.linear import LinearModel
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.testing import check_strategy
from ntgate.training.curve import CurvePoint


class NearestMean(Strategy):
    """A class is where the mean of its rows lies: those of the source, and ``weight`` times those of the target.

    Attributes:
        weight: of a target row.
    """

    kind: str = "nearest_mean"
    label: ClassVar[str] = "the nearest class mean"
    draws: ClassVar[bool] = False
    weight: float = 5.0

    def train(self, arm: Arm) -> Trained:
        """Squared distances to the means, less what all have in common, are linear in the row."""
        view = arm.view
        encoder = fit_encoder(view.source, view.train)
        source = view.source.relabelled(view.train.classes)
        x = np.concatenate([encoder.encode(part.rows).reshape(len(part), -1) for part in (source, view.train)])
        y = np.concatenate([source.labels, view.train.labels])
        weights = np.repeat([1.0, self.weight], [len(source), len(view.train)])
        means = np.stack([np.average(x[y == k], axis=0, weights=weights[y == k]) for k in range(len(view.train.classes))])
        means = means.astype(np.float32)
        model = LinearModel(encoder, 2 * means, -np.square(means).sum(axis=1), view.train.classes)
        right = float(np.mean(model.scores(view.validation.rows).argmax(axis=1) == view.validation.labels))
        return Trained(model, (CurvePoint(step=1, train_loss=0.0, validation_loss=1 - right, validation=right),), 1)


def main() -> None:
    """Check the class, and run with it."""
    check_strategy(NearestMean())
    source, target = clean_and_worn()
    result = ntgate.run(
        source=source,
        target=target[:100],
        target_test=target[100:],
        label="digit",
        model="worn-scanner",
        registry="sqlite:///mlflow.db",
        strategies=["linear_pool", {"kind": "own_strategy:NearestMean", "weight": 10.0}],
        scratch=["logistic", "forest"],
    )
    print(result.outcome, "-", result.sentence)


if __name__ == "__main__":
    main()
