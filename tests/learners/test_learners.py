"""Learners against scikit-learn itself: what onnxruntime scores is what was fitted, on every float32 at every threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from threadpoolctl import threadpool_info

from ntgate.data.encoder import ArrayEncoder
from ntgate.export.tree_graph import float32_at_most
from ntgate.learners.base import Encoded
from ntgate.learners.boosting import Boosting
from ntgate.learners.forest import ExtraTrees, RandomForest
from ntgate.learners.logistic import Logistic

NAMES = ("a", "b", "c", "d", "e", "f")


def rows(n: int, classes: int, *, missing: int = 0, ties: bool = True) -> Encoded:
    """Rows of six numbers, of the first ``classes`` of ``classes + missing`` classes."""
    rng = np.random.default_rng(7)
    labels = np.arange(n) % classes
    x = rng.normal(size=(n, 6)).astype(np.float32)
    x[:, 0] += labels
    x = x.round(1) if ties else x
    weights = rng.random(n) + 0.5
    return Encoded(ArrayEncoder(shape=(6,)), x, labels, weights / weights.mean(), NAMES[: classes + missing])


REFERENCES = {
    RandomForest: lambda: RandomForestClassifier(100, random_state=3),
    ExtraTrees: lambda: ExtraTreesClassifier(100, random_state=3),
    Boosting: lambda: HistGradientBoostingClassifier(max_iter=50, min_samples_leaf=5, early_stopping=False, random_state=3),
}


@pytest.mark.parametrize("kind", REFERENCES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("classes", "missing"), [(2, 0), (2, 1), (3, 0), (4, 2)])
@pytest.mark.parametrize("ties", [True, False], ids=["ties", "distinct"])
def test_the_graph_scores_as_scikit_learn_does(kind, classes, missing, ties):
    seen = rows(300, classes, missing=missing, ties=ties)
    (model,) = kind().fit(seen, kind().settings, seed=3)
    reference = REFERENCES[kind]().fit(seen.rows, seen.labels, seen.weights)
    fresh = np.concatenate([seen.rows, np.random.default_rng(1).normal(0, 2, (500, 6)).astype(np.float32)])
    scores = model.scores(fresh)
    assert scores[:, :classes] == pytest.approx(reference.predict_proba(fresh), abs=1e-5)
    assert scores[:, classes:] == pytest.approx(0, abs=1e-6)  # a class that no row had
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_rows_at_a_threshold_go_where_they_went():
    """Thresholds lie between float32 rows as float64; rounded up they would let the row above them to the left."""
    for lower in np.float32([16, 17.3, 1000.1, -52.7]):
        upper = np.nextafter(lower, np.float32(np.inf))
        x = np.repeat(np.array([[lower], [upper]], dtype=np.float32), 30, axis=0)
        labels = np.repeat([0, 1], 30)
        seen = Encoded(ArrayEncoder(shape=(1,)), x, labels, np.ones(60), ("low", "high"))
        (model,) = RandomForest(trees=20).fit(seen, (0.0,), seed=0)
        assert model.scores(x).argmax(axis=1).tolist() == labels.tolist()


def test_the_largest_float32_at_most():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=2000), rng.normal(size=2000).astype(np.float32).astype(np.float64)])
    found = float32_at_most(values)
    assert (found <= values).all()
    assert (np.nextafter(found, np.float32(np.inf)) > values).all()


def test_a_forest_becomes_a_graph_in_the_time_that_growing_takes():
    """A converter that walks the trees takes seconds; the arrays are put in at once."""
    import time

    seen = rows(3000, 4, ties=False)
    began = time.perf_counter()
    RandomForestClassifier(100, random_state=0).fit(seen.rows, seen.labels)
    growing = time.perf_counter() - began
    began = time.perf_counter()
    (model,) = RandomForest(trees=100).fit(seen, (0.0,), seed=0)
    assert time.perf_counter() - began < 4 * growing + 2
    running = onnxruntime.InferenceSession(model.graph.SerializeToString(), providers=["CPUExecutionProvider"])
    assert running.run(None, {"x": seen.rows})[0].shape == (3000, 4)


def test_boosting_says_why_it_steps_aside():
    assert Boosting().too_large(20, 2) is None
    assert "256 columns for each of 10 classes" in Boosting().too_large(256, 10)


def test_logistic_regression_says_why_it_steps_aside():
    assert Logistic().too_large(50_000, 2) is None
    assert "50000 columns for each of 1000 classes" in Logistic().too_large(50_000, 1000)


def test_a_thousand_classes_with_a_label_each_are_learnt_by_what_can():
    """Every class has one row: leaves of one row, and no histogram that tells them apart in time."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 4)).astype(np.float32)
    seen = Encoded(ArrayEncoder(shape=(4,)), x, np.arange(1000), np.ones(1000), tuple(map(str, range(1000))))
    (model,) = ExtraTrees(trees=3).fit(seen, (0.0,), seed=0)
    assert (model.scores(x).argmax(axis=1) == np.arange(1000)).mean() > 0.95
    assert Boosting().too_large(4, 1000) is not None


def test_a_row_that_weighs_three_times_is_three_rows_to_logistic_regression():
    """In the features' scale too: what is constant in the source and noise in the few rows of a target is noise of that weight."""
    once = rows(120, 3)
    once = replace(once, rows=once.rows * np.where(np.arange(120)[:, None] < 90, [1, 0, 1, 1, 1, 1], 1).astype(np.float32))
    times = np.where(np.arange(120) < 90, 1, 3)
    weighed = replace(once, weights=times / times.mean())
    alike = np.full(times.sum(), 120 / times.sum())  # in all as much as the others, for the penalty counts against the sum
    repeated = replace(once, rows=once.rows.repeat(times, 0), labels=once.labels.repeat(times), weights=alike)
    first, second = (Logistic().fit(seen, Logistic().settings, seed=0)[0] for seen in (weighed, repeated))
    assert first.scores(once.rows) == pytest.approx(second.scores(once.rows), abs=0.005)


def test_penalties_of_a_path_are_those_fitted_one_by_one():
    seen = rows(200, 3)
    path = Logistic().fit(seen, Logistic().settings, seed=0)
    for penalty, model in zip(Logistic().settings, path, strict=True):
        (alone,) = Logistic(penalties=(penalty,)).fit(seen, (penalty,), seed=0)
        assert model.scores(seen.rows) == pytest.approx(alone.scores(seen.rows), abs=0.01)


@pytest.mark.parametrize(("n", "taken"), [(300, 1), (100_000, 2)], ids=["few", "many"])
def test_boosting_takes_one_thread_for_few_numbers(monkeypatch, n, taken):
    """Its loops are short there: on a busy machine two threads took thirty times as long as one."""
    fit, limits = HistGradientBoostingClassifier.fit, []

    def watched(self, *args):
        limits.append({one["num_threads"] for one in threadpool_info() if "scikit_learn" in one["filepath"]})
        return fit(self, *args)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", watched)
    monkeypatch.setattr("ntgate.learners.boosting.threads", lambda: 2)
    Boosting(rounds=1).fit(rows(n, 2), (0.0,), seed=0)
    assert limits == [{taken}]
