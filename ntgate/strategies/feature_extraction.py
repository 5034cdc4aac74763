"""Feature extraction: a linear probe on the frozen source backbone.

Kornblith et al., "Do Better ImageNet Models Transfer Better?", CVPR 2019, section 3: multinomial logistic regression on
fixed features, its L2 penalty chosen on validation rows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ntgate.strategies.base import Arm, Strategy, Trained


class FeatureExtraction(Strategy):
    """Fit the head on cached embeddings by L-BFGS; the features stay as the source left them.

    Attributes:
        penalties: inverse L2 strengths to choose from on the validation rows.
    """

    kind: Literal["feature_extraction"] = "feature_extraction"
    penalties: tuple[float, ...] = Field((0.01, 0.1, 1.0, 10.0), min_length=1)

    def train(self, arm: Arm) -> Trained:
        """Embed once, fit one head a penalty, keep the best."""
        import numpy as np
        import torch
        from sklearn.linear_model import LogisticRegression

        from ntgate.strategies.transfer import initial_network
        from ntgate.training.curve import CurvePoint
        from ntgate.training.source import embed

        network = initial_network(arm)
        encoder = arm.pretrained.encoder
        x, held = (embed(network, encoder, part).astype(np.float64) for part in (arm.view.train, arm.view.validation))
        mean, scale = x.mean(0), max(float(x.std()), 1e-12)
        labels = arm.view.train.labels
        truth = torch.from_numpy(arm.view.validation.labels)
        curve, heads = [], []
        for trial, penalty in enumerate(self.penalties, start=1):
            model = LogisticRegression(C=penalty, max_iter=1000).fit((x - mean) / scale, labels)
            weight, bias = _rows_by_class(model, len(arm.view.train.classes))
            weight, bias = weight / scale, bias - weight @ mean / scale
            fitted, logits = (torch.from_numpy(rows @ weight.T + bias) for rows in (x, held))
            curve.append(
                CurvePoint(
                    step=trial,
                    train_loss=float(torch.nn.functional.cross_entropy(fitted, torch.from_numpy(labels))),
                    validation_loss=float(torch.nn.functional.cross_entropy(logits, truth)),
                    validation=arm.metric(truth, logits.softmax(dim=1)),
                )
            )
            heads.append((weight, bias))
            if arm.progress is not None:
                arm.progress(trial, len(self.penalties), curve[-1].validation)
        weight, bias = heads[max(range(len(curve)), key=lambda i: curve[i].rank)]
        with torch.no_grad():
            network.head.weight.copy_(torch.from_numpy(weight))
            network.head.bias.copy_(torch.from_numpy(bias))
        return Trained(network.eval(), encoder, tuple(curve), len(curve))


def _rows_by_class(model, classes: int):  # type: ignore[no-untyped-def]
    """Weights ``(c, d)`` and biases ``(c,)``, a row a class, also where scikit-learn fits one row for two classes."""
    import numpy as np

    weight, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        weight, bias = np.vstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
    full, offset = np.zeros((classes, weight.shape[1])), np.full(classes, bias.min() - 10.0)
    full[model.classes_], offset[model.classes_] = weight, bias
    return full, offset
