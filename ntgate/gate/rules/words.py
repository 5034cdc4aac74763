"""Words that several rules share."""

from __future__ import annotations

from ntgate.evaluation.metrics import Metric

_NAMES: dict[Metric, str] = {"macro_f1": "macro-F1", "roc_auc": "ROC AUC"}


def score_in_words(metric: Metric, value: float) -> str:
    """A score as people say it.

    >>> score_in_words("accuracy", 0.153), score_in_words("balanced_accuracy", 0.5), score_in_words("roc_auc", 0.5)
    ('15.3 %', 'a balanced accuracy of 50.0 %', 'a ROC AUC of 0.500')
    """
    if metric == "accuracy":
        return f"{100 * value:.1f} %"
    if metric == "balanced_accuracy":
        return f"a balanced accuracy of {100 * value:.1f} %"
    return f"a {_NAMES[metric]} of {value:.3f}"
