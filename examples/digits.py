"""What the examples share: handwritten digits (UCI, bundled with scikit-learn) and a scanner that has worn out."""

from __future__ import annotations

import numpy as np
import pandas as pd


def clean_and_worn() -> tuple[pd.DataFrame, pd.DataFrame]:
    """900 digits of the clean scanner and 897 of the worn one, as tables of 64 grey values and the column ``digit``."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(digits.data))
    clean, worn = digits.data[order[:900]], digits.data[order[900:]]
    worn = np.clip(4 + 0.5 * worn + rng.normal(0, 2.0, worn.shape), 0, 16)  # half the contrast, a veil, noise
    return _table(clean, digits.target[order[:900]]), _table(worn, digits.target[order[900:]])


def _table(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"p{i}" for i in range(64)]).assign(digit=[f"d{one}" for one in y])
