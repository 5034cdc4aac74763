"""The proxy A-distance: coverage of its interval, what a kernel classifier adds, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import ntgate.shift
from ntgate.errors import DataError
from ntgate.shift import proxy_a_distance
from ntgate.shift.classifier import a_distance
from ntgate.shift.columns.feature_scale import feature_scale


def test_the_interval_covers_the_distance_that_its_classifiers_have_on_fresh_rows(monkeypatch):
    """Equal domains, and high-dimensional ones that differ: a binomial interval of all rows covers in 90 % of these draws."""
    rng = np.random.default_rng(0)
    models = []
    fitted = a_distance.fitted

    def remembered(*arguments):
        models.append(fitted(*arguments))
        return models[-1]

    monkeypatch.setattr(a_distance, "fitted", remembered)
    inside, draws = 0, 200
    cases = ((50, 4, 0.0), (100, 30, 1.0), (60, 60, 1.5))
    for rows, features, shift in cases:
        fresh = rng.normal(size=(6000, features))
        fresh[3000:, 0] += shift
        truth = np.repeat([0, 1], 3000)
        for seed in range(draws):
            x, y = rng.normal(size=(rows, features)), rng.normal(size=(rows, features))
            y[:, 0] += shift
            models.clear()
            found = proxy_a_distance(x, y, seed=seed)
            pooled = np.concatenate([x, y])
            seen = (fresh - pooled.mean(axis=0)) / feature_scale(pooled)
            error = np.mean([(model.predict(seen) != truth).mean() for model in models])
            inside += found.interval[0] <= max(0.0, 2 * (1 - 2 * error)) <= found.interval[1]
    total = draws * len(cases)
    assert inside / total >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / total)


def test_distance_is_never_negative_and_at_most_two():
    rng = np.random.default_rng(1)
    for _ in range(20):
        found = proxy_a_distance(rng.normal(size=(20, 3)), rng.normal(size=(20, 3)))
        assert 0 <= found.interval[0] <= found.distance <= found.interval[1] <= 2


@pytest.mark.parametrize("change", ["spread", "dependence"])
def test_a_kernel_classifier_sees_what_a_line_cannot(change):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(600, 4)), rng.normal(size=(600, 4))
    if change == "spread":
        y *= 1.6
    else:
        y[:, 1] = 0.9 * y[:, 0] + 0.44 * y[:, 1]
    linear, kernel = (proxy_a_distance(x, y, classifier=kind) for kind in ("linear", "kernel"))
    assert linear.interval[0] == 0
    assert kernel.interval[0] > 0.3
    assert kernel.sentence.startswith("A kernel classifier tells the domains apart with")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"x": np.full((9, 2), np.nan)}, "x: expected at least two finite rows"),
        ({"y": np.zeros((9, 3))}, "y: expected rows of width 2 as in x"),
        ({"folds": 1}, "folds: expected at least 2"),
        ({"classifier": "forest"}, "classifier: expected linear or kernel"),
        ({"max_rows": 4}, "max_rows: expected at least 5"),
    ],
)
def test_bad_input_names_the_argument(change, part):
    rng = np.random.default_rng(3)
    with pytest.raises(DataError) as caught:
        proxy_a_distance(**{"x": rng.normal(size=(9, 2)), "y": rng.normal(size=(9, 2)), **change})
    assert part in str(caught.value)


def test_public_names_are_the_functions_also_after_their_modules_were_imported():
    import importlib
    import types

    for name in ntgate.shift.__all__:
        importlib.import_module(f"ntgate.shift.{ntgate.shift._HOME[name]}")
    for name in ntgate.shift.__all__:
        found = getattr(ntgate.shift, name)
        assert not isinstance(found, types.ModuleType)
        assert found.__name__ == name
        assert found.__doc__
    assert sorted(ntgate.shift._HOME) == sorted(ntgate.shift.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ntgate.shift.nothing


def test_naming_the_package_imports_no_heavy_library():
    import subprocess
    import sys

    code = "import sys, ntgate.shift; sys.exit(any(name in sys.modules for name in ('torch', 'sklearn', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
