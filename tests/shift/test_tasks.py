"""Task difference: names, what they mean, and how rows are labelled."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.errors import DataError
from ntgate.shift import task_difference
from ntgate.shift.task.class_distances import distances
from ntgate.shift.task.counterparts import Counterpart, matches
from ntgate.shift.task.disagreement import disagreement
from ntgate.shift.task.tasks import TaskDifference

TEN = tuple("0123456789")
RARE = 3 * np.sqrt(0.05 * 0.95)  # three standard errors of a rate of 5 %, times the root of the number of draws


def domain(rng, centres, rows_a_class):
    y = np.tile(np.arange(len(centres)), rows_a_class)
    return centres[y] + rng.normal(size=(len(y), centres.shape[1])), y


def renamed(y, **swaps):
    """Labels under which class ``a`` is called ``b``, for ``_a=b``."""
    new = y.copy()
    for old, name in swaps.items():
        new[y == int(old[1:])] = name
    return new


def test_label_spaces_are_compared_by_name_not_by_code():
    rng = np.random.default_rng(0)
    x, y = domain(rng, np.zeros((3, 2)), 4)
    found = task_difference(x, y, ("cat", "dog", "cow"), x, y, ("dog", "fox", "cat"))
    assert (found.shared, found.only_source, found.only_target) == (("cat", "dog"), ("cow",), ("fox",))
    assert found.jaccard == 0.5
    assert "2 of 4 classes are shared; only the source has 'cow'; only the target has 'fox'." in found.sentence


def test_swapped_names_are_found_with_three_labels_a_class_under_another_scale_and_offset():
    rng = np.random.default_rng(1)
    centres = 1.5 * rng.normal(size=(10, 20))
    x, y = domain(rng, centres, 30)
    z, w = domain(rng, centres, 3)
    found = task_difference(x, y, TEN, 5 * z + 40, renamed(w, _3=8, _8=3), TEN)
    assert {(one.target, one.source) for one in found.swapped} == {("3", "8"), ("8", "3")}
    assert all(one.p_value <= 0.05 and one.rows_nearer == 1 for one in found.swapped)
    assert "Target class '3' looks like source class '8'" in found.sentence
    assert [one.source == one.target for one in found.counterparts if not one.swapped] == [True] * 8


def test_noise_with_three_labels_a_class_is_no_swap():
    rng = np.random.default_rng(2)
    draws = 150
    refused = 0
    for _ in range(draws):
        (x, y), (z, w) = domain(rng, np.zeros((10, 8)), 30), domain(rng, np.zeros((10, 8)), 3)
        refused += bool(task_difference(x, y, TEN, z, w, TEN, folds=2).swapped)
    assert refused / draws <= 0.05 + RARE / np.sqrt(draws)


def test_a_match_that_is_no_better_than_the_namesake_is_refused_at_the_level():
    """Two classes with one distribution: that a row is nearer to the other is pure chance, whichever domain is the smaller."""
    rng = np.random.default_rng(3)
    for n, m in ((40, 3), (3, 40), (5, 5)):
        draws, p_values = 300, []
        for _ in range(draws):
            (x, y), (z, w) = domain(rng, np.zeros((2, 3)), n), domain(rng, np.zeros((2, 3)), m)
            found = matches(distances(x, y, z, w), {0: 0, 1: 1})
            p_values.append(min([one.p_value for one in found.values() if one.p_value is not None], default=1.0))
        # Two classes are matched together, so the smaller p-value of the two is at most doubled.
        assert np.mean(np.array(p_values) <= 0.025) <= 0.05 + RARE / np.sqrt(draws)


def test_a_class_midway_between_two_is_refused_at_the_level():
    """Two target classes halfway between both source classes, with three labels each: the labels' own spread decides."""
    rng = np.random.default_rng(13)
    apart = np.array([[-4.0, 0.0], [4.0, 0.0]])
    draws, p_values = 300, []
    for _ in range(draws):
        (x, y), (z, w) = domain(rng, apart, 150), domain(rng, np.zeros((2, 2)), 3)
        found = matches(distances(x, y, z, w), {0: 0, 1: 1})
        p_values.append(min([one.p_value for one in found.values() if one.p_value is not None], default=1.0))
    assert np.mean(np.array(p_values) <= 0.025) <= 0.05 + RARE / np.sqrt(draws)


def test_the_p_value_of_a_match_is_that_of_its_definition():
    """Three classes, named in a circle: each p-value by loops over rows."""
    from scipy import stats

    rng = np.random.default_rng(14)
    (x, y), (z, w) = domain(rng, 2 * np.eye(3), 8), domain(rng, np.roll(2 * np.eye(3), 1, axis=0), 4)
    found = matches(distances(x, y, z, w), {0: 0, 1: 1, 2: 2})

    def mean(row, rows):
        """Mean distance to the rows other than itself."""
        away = [np.linalg.norm(row - other) for other in rows if other is not row and not np.array_equal(other, row)]
        return np.mean(away)

    def pooled(values, classes):
        squares = sum(((values[classes == k] - values[classes == k].mean()) ** 2).sum() for k in range(3))
        return squares / (len(values) - 3)

    assert {code: match.source for code, match in found.items()} == {0: 2, 1: 0, 2: 1}
    for code, match in found.items():
        own, other = x[y == code], x[y == match.source]
        spreads = [np.mean([mean(row, rows) for row in rows]) / 2 for rows in (own, other)]
        nearer = np.array([mean(row, own) - mean(row, other) for row in z])
        influence = np.array([mean(row, z[w == code]) - mean(row, x[y == k]) for row, k in zip(x, y, strict=True)])
        difference = nearer[w == code].mean() - spreads[0] + spreads[1]
        error = np.sqrt(pooled(nearer, w) / 4 + pooled(influence, y) * 2 / 8)
        expected = 2 * stats.t.sf(difference / error, len(z) - 3)  # two classes could have been the match
        assert match.p_value == pytest.approx(min(1.0, expected), rel=1e-6)
        assert match.rows_nearer == np.mean(nearer[w == code] > spreads[0] - spreads[1])


def test_unnamed_classes_get_a_counterpart_without_a_verdict():
    rng = np.random.default_rng(4)
    centres = 3 * rng.normal(size=(4, 5))
    (x, y), (z, w) = domain(rng, centres, 20), domain(rng, centres, 20)
    found = task_difference(x, y, ("a", "b", "c", "bicycle"), z, w, ("a", "b", "c", "bike"))
    match = next(one for one in found.counterparts if one.target == "bike")
    assert (match.source, match.p_value, match.swapped) == ("bicycle", None, False)


def test_distances_are_those_of_the_definition():
    rng = np.random.default_rng(5)
    (x, y), (z, w) = domain(rng, rng.normal(size=(3, 4)), 6), domain(rng, rng.normal(size=(2, 4)), 5)
    found = distances(x, y, z, w).between()

    def mean(a, b, pairs):
        return np.linalg.norm(a[:, None] - b[None], axis=2).sum() / pairs

    for t in range(2):
        for s in range(3):
            a, b = z[w == t], x[y == s]
            assert found[t, s] == pytest.approx(2 * mean(a, b, 30) - mean(a, a, 20) - mean(b, b, 30))


def test_only_the_class_that_changed_is_said_to_have_changed():
    rng = np.random.default_rng(6)
    centres = 4 * rng.normal(size=(4, 6))
    (x, y), (z, w) = domain(rng, centres, 60), domain(rng, centres, 60)
    z[w == 2] = centres[2] + 2 * rng.normal(size=(60, 6))  # one class spreads out
    found = task_difference(x, y, TEN[:4], z, w, TEN[:4])
    assert [one.status for one in found.conditionals] == ["not shown", "not shown", "differs", "not shown"]
    assert found.conditionals[2].effect_size > max(found.conditionals[k].effect_size for k in (0, 1, 3))
    assert not found.swapped


def test_equal_classes_are_said_to_differ_no_more_often_than_the_level():
    rng = np.random.default_rng(7)
    draws, refused = 100, 0
    for seed in range(draws):
        (x, y), (z, w) = domain(rng, np.zeros((4, 3)), 20), domain(rng, np.zeros((4, 3)), 6)
        found = task_difference(x, y, TEN[:4], z, w, TEN[:4], seed=seed)
        refused += any(one.status == "differs" for one in found.conditionals)
    assert refused / draws <= 0.05 + RARE / np.sqrt(draws)


def test_classes_with_too_few_rows_are_named_and_not_called_equal():
    rng = np.random.default_rng(8)
    x, y = domain(rng, 3 * rng.normal(size=(3, 2)), 20)
    z, w = x[:31] + 50, np.r_[y[:30], 2]
    keep = np.r_[np.flatnonzero(w[:30] != 2), 30, 2]  # two rows of class 2
    found = task_difference(x, y, ("a", "b", "c"), z[keep], w[keep], ("a", "b", "c"))
    assert found.conditionals[2].status == "too few rows"
    assert found.conditionals[2].p_value is found.conditionals[2].effect_size is None
    assert found.too_few_rows == ("target 'c'",)
    assert "Too few rows to tell: 'c'." in found.sentence
    nine = np.arange(9)
    small = task_difference(x[nine], y[nine], ("a", "b", "c"), 9 + x[nine], y[nine], ("a", "b", "c"))
    assert {one.status for one in small.conditionals} == {"too few rows"}  # 3 and 3 rows have 20 labellings: p >= 0.05


def test_classes_of_one_row_repeated_are_compared():
    x, z = np.zeros((800, 2)), np.zeros((600, 2))
    y, w = np.repeat([0, 1], 400), np.repeat([0, 1], 300)
    z[:150] = 1.0
    found = task_difference(x, y, ("a", "b"), z, w, ("a", "b"))
    assert [one.status for one in found.conditionals] == ["differs", "not shown"]


def test_one_row_that_differs_is_no_difference_of_a_class():
    x, z = np.zeros((800, 2)), np.zeros((600, 2))
    y, w = np.repeat([0, 1], 400), np.repeat([0, 1], 300)
    z[5, 0] = 1.0
    found = task_difference(x, y, ("a", "b"), z, w, ("a", "b"))
    assert [one.status for one in found.conditionals] == ["not shown", "not shown"]


def test_a_change_of_labels_alone_is_seen_and_equal_labelling_is_not_blamed():
    rng = np.random.default_rng(9)
    x, z = rng.normal(size=(400, 4)), rng.normal(size=(200, 4))
    changed = task_difference(x, x[:, 0] > 0, ("no", "yes"), z, z[:, 1] > 0, ("no", "yes"))
    assert changed.disagreement.shown
    assert changed.disagreement.error_source > 0.4 > 0.2 > changed.disagreement.error_target
    assert "labels depend on the rows in another way" in changed.sentence
    draws = 60
    same = 0
    for seed in range(draws):
        x, z = rng.normal(size=(150, 4)), rng.normal(size=(80, 4))
        y, w = (rows[:, 0] + rng.normal(size=len(rows)) > 0 for rows in (x, z))
        same += disagreement(x, y.astype(int), z, w.astype(int), alpha=0.05, folds=5, seed=seed).shown
    assert same / draws <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / draws)


def test_the_interval_of_paired_errors_is_that_of_a_published_implementation(monkeypatch):
    """Of 48 pairs 12 and 4 agree: R's statpsych, ci.prop.ps(.05, 12, 4, 26, 6), gives 0.44 with [0.2548067, 0.6251933]."""
    from ntgate.shift.task import disagreement as module

    n = 48
    lost = np.r_[np.zeros(12), np.zeros(4), np.ones(26), np.ones(6)].astype(bool)
    gained = np.r_[np.zeros(12), np.ones(4), np.zeros(26), np.ones(6)].astype(bool)
    y = np.arange(n) % 2
    position = np.arange(n, dtype=float)[:, None]

    class Fixed:
        def __init__(self, wrong):
            self.wrong = wrong

        def predict(self, rows):
            at = np.round((rows[:, 0] - low) / step).astype(int)
            return np.where(self.wrong[at], 1 - y[at], y[at])

    from ntgate.shift.columns.robust_scale import standardised

    scaled = standardised(np.concatenate([position, position]))[n:, 0]
    low, step = scaled[0], scaled[1] - scaled[0]
    answers = iter([Fixed(lost)] + [Fixed(gained)] * 5)
    monkeypatch.setattr(module, "fitted", lambda *_: next(answers))
    found = module.disagreement(position, y, position, y, alpha=0.05, folds=5, seed=0)
    assert found.interval == pytest.approx((0.2548067, 0.6251933), abs=1e-6)
    assert found.gap == pytest.approx(22 / 48)


def test_the_order_of_source_and_target_matters_and_the_result_is_reproducible():
    rng = np.random.default_rng(10)
    (x, y), (z, w) = domain(rng, rng.normal(size=(3, 2)), 30), domain(rng, rng.normal(size=(3, 2)), 20)
    one, two = (task_difference(x, y, TEN[:3], z, w, TEN[:3], seed=3) for _ in range(2))
    assert one == two
    assert task_difference(z, w, TEN[:3], x, y, TEN[:3], seed=3).disagreement.n_target == 90


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"source_rows": np.full((12, 2), np.nan)}, "source_rows: expected at least two finite rows"),
        ({"target_rows": np.zeros((12, 3))}, "target_rows: expected rows of width 2 as in source_rows"),
        ({"target_labels": np.full(12, 7)}, "target_labels: expected whole numbers from 0 to 2"),
        ({"source_labels": ["a"] * 12}, "source_labels: expected whole numbers"),
        ({"source_classes": ("a", "a", "b")}, "source_classes: expected different names"),
        ({"target_classes": ()}, "target_classes: expected different names"),
        ({"alpha": 0}, "alpha: expected a level"),
        ({"folds": 1}, "folds: expected at least 2"),
    ],
)
def test_bad_input_names_the_argument(change, part):
    rows, labels = np.random.default_rng(11).normal(size=(12, 2)), np.arange(12) % 3
    usual = {
        "source_rows": rows,
        "source_labels": labels,
        "source_classes": TEN[:3],
        "target_rows": rows,
        "target_labels": labels,
        "target_classes": TEN[:3],
    }
    with pytest.raises(DataError) as caught:
        task_difference(**{**usual, **change})
    assert part in str(caught.value)


def test_nothing_shared_is_told_without_comparing():
    rng = np.random.default_rng(12)
    x, y = domain(rng, np.zeros((2, 2)), 5)
    found = task_difference(x, y, ("a", "b"), x, y, ("c", "d"))
    assert found.conditionals == ()
    assert found.disagreement is None
    assert "0 of 4 classes are shared" in found.sentence
    assert "cannot be judged" in found.sentence


def test_real_domains_with_one_task_are_matched_by_name(shared_data):
    """MNIST and USPS differ so much that a linear classifier errs on two rows of three, but a 3 is still a 3."""
    parts = [np.load(shared_data / "digits" / f"{name}.npz") for name in ("mnist", "usps")]
    (x, y), (z, w) = ((part["x"].reshape(len(part["x"]), -1), part["y"]) for part in parts)
    found = task_difference(x, y, TEN, z, w, TEN, max_rows=1000)
    assert not found.swapped
    assert sum(one.source == one.target for one in found.counterparts) >= 8
    swapped = task_difference(x, y, TEN, z, renamed(w, _0=1, _1=0), TEN, max_rows=1000)
    assert {(one.target, one.source) for one in swapped.swapped} == {("0", "1"), ("1", "0")}


@pytest.mark.parametrize("ring", [{"_3": 8, "_8": 3}, {"_1": 2, "_2": 5, "_5": 1}])
def test_a_ring_of_swapped_labels_is_shown(ring):
    rng = np.random.default_rng(20)
    centres = 1.5 * rng.normal(size=(10, 20))
    (x, y), (z, w) = domain(rng, centres, 30), domain(rng, centres, 10)
    found = task_difference(x, y, TEN, 5 * z + 40, renamed(w, **ring), TEN, folds=2)
    assert len(found.rings) == 1
    assert {(int(one.source), int(one.target)) for one in found.rings[0]} == {(int(k[1:]), v) for k, v in ring.items()}
    assert all(one.rows_nearest > 0.5 for one in found.rings[0])


def test_a_ring_where_few_classes_are_settled_is_none():
    """Digits with black and white exchanged are such a domain: their labels are in order."""

    def rings(**looks: tuple[str, float | None]) -> int:
        found = tuple(
            Counterpart(target=target, source=source, rows_nearer=0.9, p_value=p, swapped=p == 1e-9, rows_nearest=0.9)
            for target, (source, p) in looks.items()
        )
        return len(TaskDifference.model_construct(counterparts=found, raw_counterparts=()).rings)

    swap = {"three": ("eight", 1e-9), "eight": ("three", 1e-9)}
    assert rings(**swap) == 1
    assert rings(**swap, one=("one", None), two=("two", None)) == 1
    astray = {"one": ("two", 0.2), "two": ("four", 0.2), "four": ("five", 0.2), "five": ("one", 0.2)}
    assert rings(**swap, **astray) == 0
    assert rings(**swap, **astray, six=("seven", 1e-9), seven=("six", 1e-9)) == 2
    assert rings(**swap, one=("another", 0.2)) == 1  # the source has no such class


def test_one_direction_is_no_ring():
    rng = np.random.default_rng(21)
    centres = np.array([[0.0, 0.0], [9, 0], [0, 9]])
    x, y = domain(rng, centres, 30)
    z, w = domain(rng, np.array([[9.0, 0.5], [9, -0.5], [0, 9]]), 30)  # class 0 has come to where class 1 was and is
    found = task_difference(x, y, ("0", "1", "2"), z, w, ("0", "1", "2"))
    assert found.rings == ()


def test_domains_that_differ_in_everything_but_the_labels_show_no_ring():
    """The same classes in places of no relation; by chance some lie as if they were swapped."""
    rng, rings, draws = np.random.default_rng(22), 0, 60
    for _ in range(draws):
        classes = int(rng.choice([3, 5, 10]))
        names = TEN[:classes]
        (x, y), (z, w) = (domain(rng, 2 * rng.normal(size=(classes, 30)), rows) for rows in (40, 20))
        rings += bool(task_difference(x, y, names, z, w, names, folds=2).rings)
    assert rings / draws <= 0.05


@pytest.mark.parametrize(
    ("folder", "source", "target"),
    [
        ("digits", "mnist", "usps"),
        ("digits", "usps", "mnist"),
        ("coil20", "coil1", "coil2"),
        ("office_caltech_surf", "webcam", "dslr"),
    ],
)
def test_real_pairs_whose_labels_are_in_order_show_no_ring_and_a_swap_does(shared_data, folder, source, target):
    rng, domains = np.random.default_rng(0), []
    for name in (source, target):
        with np.load(shared_data / folder / f"{name}.npz", allow_pickle=False) as file:
            x, y = file["x"], file["y"]
        names, y = np.unique(y, return_inverse=True)
        rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:60] for k in range(len(names))])
        domains.append((x[rows].reshape(len(rows), -1).astype(np.float32), y[rows]))
    (x, y), (z, w) = domains
    names = tuple(map(str, range(len(names))))
    assert task_difference(x, y, names, z, w, names, folds=2).rings == ()
    if (source, target) != ("usps", "mnist"):  # whose digits a distance between pixels does not recognise
        found = task_difference(x, y, names, z, renamed(w, _0=1, _1=0), names, folds=2).rings
        assert [{one.target for one in ring} for ring in found] == [{"0", "1"}]


def test_rows_as_they_are_show_a_ring_that_an_embedding_hides():
    rng = np.random.default_rng(23)
    centres = 1.5 * rng.normal(size=(10, 20))
    (x, y), (z, w) = domain(rng, centres, 30), domain(rng, centres, 10)
    w = renamed(w, _3=8, _8=3)
    hidden = [np.where(labels[:, None] == 8, rows[:, :5] * 0, rows[:, :5]) for rows, labels in ((x, y), (z, w))]
    assert task_difference(hidden[0], y, TEN, hidden[1], w, TEN, folds=2).rings == ()
    found = task_difference(hidden[0], y, TEN, hidden[1], w, TEN, raw=(x, z), folds=2)
    assert [{one.target for one in ring} for ring in found.rings] == [{"3", "8"}]
