"""AutoGluon on one pair of domains, in an environment of its own; prints one JSON line.

    autogluon_peer.py PAIR.npz SECONDS

Called by benchmarks/real_pairs_autogluon.py; never imported by ntgate. The archive holds ``source``, ``target`` and ``truth`` as
encoded columns ``(n, d)`` with their classes ``*_y`` ``(n,)``. Two fits of medium quality: on the target alone, and on both
domains, the source's rows weighed to the target's total.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd


def frame(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """Columns by number, and the label."""
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])]).assign(label=y)


def fitted(train: pd.DataFrame, truth: pd.DataFrame, seconds: float, weight: str | None) -> tuple[float, float]:
    """Accuracy on the truth, and seconds of the fit."""
    from autogluon.tabular import TabularPredictor

    began, problem = time.perf_counter(), "binary" if train["label"].nunique() == 2 else "multiclass"
    with tempfile.TemporaryDirectory() as folder:
        settings = {"problem_type": problem, "eval_metric": "accuracy", "sample_weight": weight}
        predictor = TabularPredictor("label", path=folder, verbosity=0, **settings)
        predictor.fit(train, presets="medium_quality", time_limit=seconds, num_cpus=1)
        took = time.perf_counter() - began
        return float((predictor.predict(truth.drop(columns="label")) == truth["label"]).mean()), took


def main() -> None:
    warnings.simplefilter("ignore")
    given, seconds = np.load(sys.argv[1], allow_pickle=False), float(sys.argv[2])
    source, target, truth = (frame(given[name], given[f"{name}_y"]) for name in ("source", "target", "truth"))
    both = pd.concat([source.assign(weight=len(target) / len(source)), target.assign(weight=1.0)], ignore_index=True)
    alone, took_alone = fitted(target, truth, seconds, None)
    pooled, took_pooled = fitted(both, truth, seconds, "weight")
    print(json.dumps({"alone": alone, "pooled": pooled, "seconds": [round(took_alone, 1), round(took_pooled, 1)]}), flush=True)


if __name__ == "__main__":
    main()
