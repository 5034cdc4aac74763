"""What starts from a model of the source: against scikit-learn, and on rows that are hard to start from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from ntgate.data.domain import Domain, TrainingView, no_rows_like
from ntgate.export.parity import check_parity
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.continued_boosting import ContinuedBoosting
from ntgate.strategies.source_scores import SourceScores
from ntgate.training.config import TrainingConfig
from tests.strategies.test_contract import accuracy, blobs

KINDS = (SourceScores, ContinuedBoosting)
CLASSES = ("a", "b", "c")


def arm_of(source: Domain, labelled: Domain, validation: Domain | None = None) -> Arm:
    view = TrainingView(source, labelled, validation or labelled)
    return Arm(view, None, None, TrainingConfig(device="cpu"), accuracy, seed=3)


@pytest.fixture(scope="module")
def alike() -> Arm:
    return arm_of(blobs("source", 300, 0, 0), blobs("train", 60, 0.8, 1))


@pytest.fixture(scope="module")
def source(alike: Arm) -> ExtraTreesClassifier:
    """The source's model, made again with scikit-learn alone."""
    return ExtraTreesClassifier(100, random_state=3).fit(alike.view.source.rows, alike.view.source.labels)


def doubted(chances: np.ndarray) -> np.ndarray:
    return 0.9 * chances + 0.1 / chances.shape[1]


@pytest.mark.parametrize("rounds", [0, 25])
@pytest.mark.parametrize("count", [2, 3])
def test_boosting_goes_on_as_scikit_learn_does_from_an_estimator(rounds: int, count: int):
    classes = CLASSES[:count]
    arm = arm_of(blobs("source", 300, 0, 0, classes), blobs("train", 60, 0.8, 1, classes))
    first = ExtraTreesClassifier(100, random_state=3).fit(arm.view.source.rows, arm.view.source.labels)

    class Start:
        def fit(self, x, y):
            return self

        def predict_proba(self, x):
            return doubted(first.predict_proba(x))

    model = ContinuedBoosting(rounds=(rounds,)).train(arm).model
    test, x, y = blobs("test", 200, 0.8, 2, classes).rows, arm.view.train.rows, arm.view.train.labels
    reference = GradientBoostingClassifier(
        init=Start(), n_estimators=25, max_depth=2, subsample=0.7, max_features="sqrt", min_samples_leaf=5, random_state=3
    ).fit(x, y)
    expected = reference.predict_proba(test) if rounds else Start().predict_proba(test)
    assert model.scores(test) == pytest.approx(expected, abs=2e-3)  # of two splits as good, float32 may choose the other


def test_scores_join_the_columns_of_a_logistic_regression(alike: Arm, source: ExtraTreesClassifier):
    model = SourceScores(penalties=(0.1,)).train(alike).model
    x, test = alike.view.train.rows, blobs("test", 200, 0.8, 2).rows

    def wider(rows):
        return np.hstack([(rows - x.mean(0)) / x.std(0), 3 * np.log(doubted(source.predict_proba(rows)))])

    reference = LogisticRegression(C=0.1, max_iter=1000).fit(wider(x), alike.view.train.labels)
    assert model.scores(test) == pytest.approx(reference.predict_proba(wider(test)), abs=5e-3)


def people(name: str, n: int, seed: int, classes: tuple[str, ...], codes: np.ndarray, wards: tuple[str, ...]) -> Domain:
    """A table with gaps, a category each ward, and a number that float32 does not hold."""
    rng = np.random.default_rng(seed)
    age = (40 + 20 * codes + rng.normal(0, 6, n)).astype(np.float32)
    age[rng.random(n) < 0.2] = np.nan
    ward = rng.choice([*wards, ""], n).astype(object)
    return Domain(name, pd.DataFrame({"age": age, "dose": rng.random(n).astype(np.float32) / 3, "ward": ward}), codes, classes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_with_gaps_new_categories_and_classes_of_one_side_is_exported_with_parity(kind, tmp_path):
    """The source knows a class that the target lacks and lacks one that it has; of another the target has a name and no row."""
    of_source = people("source", 240, 0, ("a", "b", "other"), np.arange(240) % 3, ("x", "y"))
    target = ("a", "b", "new", "never")
    labelled, test = (people(name, 45, seed, target, np.arange(45) % 3, ("y", "z")) for name, seed in (("train", 1), ("test", 2)))
    candidate = train(kind(), arm_of(of_source, labelled), tmp_path)
    assert candidate.failed is None
    model = candidate.load()
    scores = model.scores(test.rows)
    model.export(tmp_path / "a.onnx")
    assert check_parity(tmp_path / "a.onnx", test.rows, scores) < 1e-5
    assert (scores.argmax(axis=1) == test.labels).mean() > 0.7
    assert scores[:, 3].max() < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_one_label_of_a_class_and_one_fold_of_it_are_enough(kind, tmp_path):
    few = blobs("train", 3, 0.4, 1)
    candidate = train(
        kind(), arm_of(blobs("source", 200, 0, 0), few, blobs("validation", 30, 0.4, 2).take(np.arange(0, 30, 3))), tmp_path
    )
    assert candidate.failed is None
    assert candidate.validation > 0.5


def test_other_label_spaces_are_used_by_their_scores_and_refused_by_boosting(alike: Arm, tmp_path):
    other = dataclasses.replace(alike.view.source, classes=("x", "y", "z"))
    arm = arm_of(other, alike.view.train)
    facts = Facts.of(arm.view)
    assert "none in common" in ContinuedBoosting().obstacle(facts)
    assert SourceScores().obstacle(facts) is None
    candidate = train(SourceScores(), arm, tmp_path)
    test = blobs("test", 300, 0.8, 4)
    assert (candidate.load().scores(test.rows).argmax(axis=1) == test.labels).mean() > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_of_one_class_is_a_reason(kind, alike: Arm, tmp_path):
    same = dataclasses.replace(alike.view.source, y=np.zeros(len(alike.view.source), np.int64))
    candidate = train(kind(), arm_of(same, alike.view.train), tmp_path)
    assert candidate.failed.startswith("source: expected rows of two classes at least, got one class")


@pytest.mark.parametrize("kind", KINDS)
def test_without_source_rows_or_with_texts_it_steps_aside(kind, alike: Arm):
    none = Facts.of(dataclasses.replace(alike.view, source=no_rows_like(alike.view.source, "source")))
    assert kind().obstacle(none) == "it needs source rows, and there are none"
    texts = Facts.of(alike.view).model_copy(update={"texts": ("note",)})
    assert kind().obstacle(texts) == "it does not read the texts of 'note'"


def test_a_thousand_classes_are_too_many_for_boosting():
    assert ContinuedBoosting().too_large(4, 100) is None
    assert "50 trees for each of 1000 classes" in ContinuedBoosting().too_large(4, 1000)
