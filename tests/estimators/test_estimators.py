"""Strategies and the shift test as scikit-learn has estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

import ntgate
from ntgate import ShiftTest, TransferClassifier
from ntgate.errors import ConfigErrors, DataError, ModelError

QUICK = {"steps": 60, "source_steps": 100, "folds": 1}


def rows(n: int, classes: list, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Four columns whose means tell the class."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, len(classes), n)
    return rng.normal(size=(n, 4)) + 3 * place[:, None] + shift, np.array(classes)[place]


@parametrize_with_checks([TransferClassifier("linear_pool", training={"folds": 1}), ShiftTest(permutations=19)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("kind", "classes"), [("fine_tuning", ["no", "yes"]), ("feature_extraction", [2, 10]), ("linear_pool", [False, True])]
)
def test_a_strategy_learns_from_both_domains(kind, classes):
    x, y = rows(20, classes, 1, 0.5)
    model = TransferClassifier(kind, training=QUICK, random_state=0).fit(x, y, source=rows(300, classes, 2))
    fresh, truth = rows(500, classes, 3, 0.5)
    assert model.score(fresh, truth) > 0.95
    assert model.classes_.tolist() == sorted(classes)
    assert model.predict(fresh).dtype == truth.dtype
    assert np.allclose(model.predict_proba(fresh).sum(axis=1), 1)


def test_labels_of_the_source_are_told_by_what_they_read():
    """The source's 10 is the target's 10, though it comes first in one and last in the other."""
    x, y = rows(40, [2, 10], 1)
    own, labels = rows(300, [10, 30], 2, 3.0)  # 10 lies where the target has it
    model = TransferClassifier("linear_pool", random_state=0).fit(x, y, source=(own, labels))
    fresh, truth = rows(500, [2, 10], 3)
    assert model.score(fresh, truth) > 0.95


def test_a_source_helps_where_labels_are_few(digits):
    x, y = digits
    x = np.asarray(x).reshape(len(x), -1)
    few, fresh = slice(600, 630), slice(700, 1200)
    transferred = TransferClassifier("linear_pool", random_state=0).fit(x[few], y[few], source=(x[:600], y[:600]))
    scratch = TransferClassifier(random_state=0).fit(x[few], y[few])
    assert ntgate.gate(y[fresh], transferred.predict(x[fresh]), scratch.predict(x[fresh])).outcome == "promoted"


def test_the_same_seed_gives_the_same_model():
    x, y = rows(30, [0, 1], 1)
    model = TransferClassifier(training=QUICK, random_state=3)
    source = rows(200, [0, 1], 2)
    first, again = (clone(model).fit(x, y, source=source).predict_proba(x) for _ in range(2))
    assert np.array_equal(first, again)


def test_it_can_be_searched_over():
    x, y = rows(60, ["no", "yes"], 1)
    search = GridSearchCV(TransferClassifier(random_state=0), {"scratch": ["logistic", "forest"]}, cv=2).fit(x, y)
    assert search.best_score_ > 0.9


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"strategy": "tuning"}, "did you mean 'fine_tuning'?"),
        ({"scratch": "tree"}, "did you mean 'extra_trees'?"),
        ({"training": {"steps": -1}}, "training.steps: expected a number above 0, got -1"),
    ],
)
def test_a_wrong_setting_is_a_sentence(settings, said):
    x, y = rows(20, [0, 1], 1)
    with pytest.raises(ConfigErrors) as caught:
        TransferClassifier(**settings).fit(x, y, source=(x, y))
    assert said in str(caught.value)


def test_what_it_cannot_learn_from_is_a_sentence():
    x, y = rows(20, ["no", "yes"], 1)
    with pytest.raises(DataError, match="source: expected rows of 4 columns, got 2"):
        TransferClassifier().fit(x, y, source=(x[:, :2], y))
    with pytest.raises(ModelError, match="the source has no class 'no'"):
        TransferClassifier("domain_adversarial").fit(x, y, source=rows(100, ["left", "right"], 2))


def test_the_shift_test_tells_a_shift_from_none():
    rng = np.random.default_rng(0)
    test = ShiftTest(permutations=199).fit(rng.normal(size=(300, 5)))
    assert test.test(rng.normal(size=(300, 5))).outcome == "none"
    assert test.test(rng.normal(size=(300, 5)) + np.eye(5)[2]).outcome == "shift"
