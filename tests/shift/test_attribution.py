"""Drift attribution: error rates by simulation, dependence without moved margins, shares against brute force, speed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from ntgate.errors import DataError
from ntgate.shift import drift_attribution
from ntgate.shift.attribution.dependence import dependence_tests
from ntgate.shift.attribution.feature_share import drops, shares
from ntgate.shift.attribution.witness import clearest_witness
from ntgate.shift.columns.feature_tests import feature_tests


def three_errors(rate, draws):
    return 3 * np.sqrt(rate * (1 - rate) / draws)


def mmd2(x, y, width):
    """The unbiased estimate with the whole kernel matrix, in float64."""
    pooled = np.concatenate([x, y])
    kernel = np.exp(-((pooled[:, None] - pooled) ** 2).sum(axis=2) / (2 * width**2))
    np.fill_diagonal(kernel, 0)
    n, m = len(x), len(y)
    return kernel[:n, :n].sum() / (n * (n - 1)) + kernel[n:, n:].sum() / (m * (m - 1)) - 2 * kernel[:n, n:].mean()


@pytest.mark.parametrize("rows", [(80, 60), (1500, 1200)])
@pytest.mark.parametrize("decimals", [9, 1])
def test_numeric_features_agree_with_scipy(rows, decimals):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(count, 6)).round(decimals) for count in rows)
    y[:, 2] += 0.3
    method = "exact" if rows[0] < 1000 else "asymp"
    results = feature_tests(x, y, rng)
    assert len(results) == 6
    for f, found in enumerate(results):
        expected = stats.ks_2samp(x[:, f], y[:, f], method=method)
        assert found.test == "kolmogorov_smirnov"
        assert found.effect == pytest.approx(expected.statistic, rel=1e-12)
        if method == "exact":
            assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
        else:  # scipy corrects the limit for finite samples, which makes it smaller
            assert expected.pvalue <= found.p_value <= 1.2 * expected.pvalue


def test_features_of_few_values_agree_with_scipy():
    rng = np.random.default_rng(1)
    x = np.stack([rng.integers(0, 2, 90), rng.integers(0, 5, 90), np.zeros(90)], axis=1)
    y = np.stack([rng.random(70) < 0.8, rng.integers(0, 5, 70), np.zeros(70)], axis=1)
    binary, several, constant = feature_tests(x, y.astype(float), rng)
    tables = [np.stack([np.bincount(part[:, f].astype(int), minlength=5 if f else 2) for part in (x, y)]) for f in (0, 1)]
    assert binary.p_value == pytest.approx(stats.fisher_exact(tables[0]).pvalue)
    assert several.p_value == pytest.approx(stats.chi2_contingency(tables[1], correction=False).pvalue)
    assert binary.effect == pytest.approx(abs(x[:, 0].mean() - y[:, 0].mean()))
    assert several.effect == pytest.approx(np.abs(tables[1][0] / 90 - tables[1][1] / 70).sum() / 2)
    assert constant == ("none", 0.0, 1.0)


def test_rare_categories_keep_the_level():
    """The chi-squared distribution would refuse in 10 % of these draws: of ten rows one in a rare category weighs too much."""
    rng = np.random.default_rng(2)
    draws = 400
    share = [0.94, 0.02, 0.02, 0.02]
    p_values = [
        feature_tests(rng.choice(4, (300, 1), p=share), rng.choice(4, (10, 1), p=share), rng)[0].p_value for _ in range(draws)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + three_errors(0.05, draws)


@pytest.mark.parametrize("adjustment", ["bh", "by"])
def test_false_discovery_rate(adjustment):
    """Of 40 features, some correlated, some of few values, ten moved: of those said to have moved 5 % at most did not."""
    rng = np.random.default_rng(3)
    draws, parts, seen = 60, [], []
    for seed in range(draws):
        x, y = (0.6 * rng.normal(size=(count, 40)) + 0.8 * rng.normal(size=(count, 1)) for count in (150, 120))
        x[:, 20:], y[:, 20:] = x[:, 20:] > 0, y[:, 20:] > 0
        y[:, :5] += 0.7
        y[:, 20:25] = rng.random((120, 5)) < 0.8
        names = [("moved" if f % 20 < 5 else "still") + str(f) for f in range(40)]
        found = drift_attribution(x, y, names, adjustment=adjustment, max_rows=19, top=None, seed=seed)
        drifted = [one.name for one in found.features if one.drifted]
        assert found.drifted == len(drifted)
        parts.append(sum(name.startswith("still") for name in drifted) / max(len(drifted), 1))
        seen.append(sum(name.startswith("moved") for name in drifted) / 10)
    assert np.mean(parts) <= 0.05 + 3 * np.std(parts) / np.sqrt(draws)
    assert np.mean(seen) > 0.8


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(60, 7)), rng.normal(size=(60, 7))
    y[:, 0] += 0.6
    raw = np.array([stats.ks_2samp(x[:, f], y[:, f], method="exact").pvalue for f in range(7)])
    order = np.argsort(raw)
    stepped = np.minimum.accumulate((raw[order] * 7 / np.arange(1, 8))[::-1])[::-1]  # their step-up procedure
    found = {one.name: one.p_value for one in drift_attribution(x, y, top=None).features}
    assert [found[f"x{f}"] for f in order] == pytest.approx(list(np.minimum(stepped, 1)))


@pytest.mark.parametrize("kind", ["gaussian", "heavy tails", "rare categories", "correlated"])
def test_pairs_are_said_to_have_changed_no_more_often_than_the_level(kind):
    rng = np.random.default_rng(5)

    def draw(rows):
        z = rng.normal(size=(rows, 15))
        return {
            "gaussian": z,
            "heavy tails": rng.standard_t(2, size=z.shape),
            "rare categories": (z > 1.7) * 1.0,
            "correlated": 0.5 * z + rng.normal(size=(rows, 1)),
        }[kind]

    draws = 100
    false = [(stats.false_discovery_control(dependence_tests(draw(200), draw(120)).p_value) <= 0.05).any() for _ in range(draws)]
    assert np.mean(false) <= 0.05 + three_errors(0.05, draws)


def test_strongly_dependent_pairs_keep_the_level_too():
    """Twenty independent pairs with a correlation of 0.95, compared in unequal numbers of rows."""
    rng = np.random.default_rng(20)

    def draw(rows):
        first = rng.normal(size=(rows, 20))
        return np.concatenate([first, 0.95 * first + np.sqrt(1 - 0.95**2) * rng.normal(size=first.shape)], axis=1)

    rates = []
    for _ in range(150):
        found = dependence_tests(draw(1000), draw(200))
        rates.append((found.p_value[found.pairs[:, 1] - found.pairs[:, 0] == 20] <= 0.05).mean())
    assert np.mean(rates) <= 0.05 + three_errors(0.05, 150 * 20)


def test_moved_margins_are_no_change_of_dependence():
    rng = np.random.default_rng(6)
    x, y = (rng.normal(size=(800, 12)) + rng.normal(size=(800, 1)) for _ in range(2))
    found, moved = dependence_tests(x, y), dependence_tests(x, np.exp(3 * y + 1))
    assert moved.p_value == pytest.approx(found.p_value)
    assert stats.false_discovery_control(moved.p_value).min() > 0.05


def test_rank_correlations_are_spearmans():
    rng = np.random.default_rng(7)
    x, y = (rng.normal(size=(50, 4)).round(1) for _ in range(2))
    x[:, 2] = y[:, 2] = 1.0  # constant: in no pair
    found = dependence_tests(x, y)
    assert found.pairs.tolist() == [[0, 1], [0, 3], [1, 3]]
    for k, (i, j) in enumerate(found.pairs):
        assert found.x[k] == pytest.approx(stats.spearmanr(x[:, i], x[:, j]).statistic, abs=1e-5)
        assert found.y[k] == pytest.approx(stats.spearmanr(y[:, i], y[:, j]).statistic, abs=1e-5)


def test_a_changed_correlation_is_attributed_to_its_pair():
    """No feature moves on its own: 'b' and 'e' become dependent."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(600, 6)), rng.normal(size=(600, 6))
    y[:, 4] = 0.8 * y[:, 1] + 0.6 * y[:, 4]
    found = drift_attribution(x, y, list("abcdef"))
    assert found.drifted == 0
    assert [pair.names for pair in found.pairs] == [("b", "e")]
    assert found.pairs[0].y > 0.7 > 0.15 > abs(found.pairs[0].x)
    assert {one.name for one in found.features[:2]} == {"b", "e"}
    assert min(one.share for one in found.features[:2]) > 0.35
    assert "None of 6 features is shown to have moved on its own." in found.sentence
    assert "'b' and 'e'" in found.sentence


def test_a_dependence_of_three_is_attributed_to_all_three():
    """Signs whose product is always positive: every pair is independent, as before."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(1000, 6)), rng.normal(size=(1000, 6))
    y[:, 2] = np.abs(y[:, 2]) * np.sign(y[:, 0] * y[:, 1])
    found = drift_attribution(x, y)
    assert found.drifted == 0
    assert not found.pairs
    assert {one.name for one in found.features[:3]} == {"x0", "x1", "x2"}
    assert sum(one.share for one in found.features[:3]) > 0.8
    assert "Taken together they did move" in found.sentence


def test_drops_are_the_mean_over_all_permutations_of_a_feature():
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    y[:, 0] += 1
    y[:, 2] = x[:20, 1]
    whole, found = drops(x, y, 1.2)
    assert whole == pytest.approx(mmd2(x, y, 1.2), rel=1e-5)
    for f in range(3):
        dealt = []
        for _ in range(2000):
            pooled = np.concatenate([x, y])
            pooled[:, f] = rng.permutation(pooled[:, f])
            dealt.append(mmd2(pooled[:30], pooled[30:], 1.2))
        assert found[f] == pytest.approx(whole - np.mean(dealt), abs=4 * np.std(dealt) / np.sqrt(2000))


def test_drops_do_not_depend_on_the_strips(monkeypatch):
    from ntgate.shift.attribution import feature_share

    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(150, 3)), rng.normal(size=(70, 3)) + 0.5
    usual = drops(x, y, 1.0)
    monkeypatch.setattr(feature_share, "_ROWS", 41)
    other = drops(x, y, 1.0)
    assert other[0] == pytest.approx(usual[0], rel=1e-5)
    assert other[1] == pytest.approx(usual[1], abs=1e-6)


def test_shares_of_noise_are_zero():
    assert shares(np.array([0.01, -0.02, 0.015])).tolist() == [0, 0, 0]
    assert shares(np.array([-0.1, 0.3, 0.2])) == pytest.approx([0, 0.6, 0.4])


def test_the_witness_is_that_of_the_definition_without_the_row_itself(monkeypatch):
    from ntgate.shift.attribution import witness

    monkeypatch.setattr(witness, "_BLOCK", 500)
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(25, 2)), rng.normal(size=(18, 2)) + 1
    found = clearest_witness(x, y, [0.8])

    def kernel(a, b):
        return np.exp(-((a - b) ** 2).sum(axis=-1) / (2 * 0.8**2))

    others = np.delete(x, 3, axis=0)
    assert found.x[3] == pytest.approx(kernel(others, x[3]).mean() - kernel(y, x[3]).mean(), rel=1e-5)
    others = np.delete(y, 5, axis=0)
    assert found.y[5] == pytest.approx(kernel(x, y[5]).mean() - kernel(others, y[5]).mean(), rel=1e-5)
    assert found.mmd2 == pytest.approx(mmd2(x, y, 0.8), rel=1e-5)


def test_typical_rows_come_from_where_only_their_domain_is():
    rng = np.random.default_rng(13)
    x, y = rng.normal(size=(400, 2)), rng.normal(size=(400, 2))
    x[:80] += 6
    y[300:380] -= 6
    found = drift_attribution(x, y)
    assert found.typical_x
    assert found.typical_y
    assert set(found.typical_x) <= set(range(80))
    assert set(found.typical_y) <= set(range(300, 380))


def test_without_a_shown_difference_nothing_is_shared_out():
    rng = np.random.default_rng(14)
    x, y = rng.normal(size=(300, 5)), rng.normal(size=(300, 5))
    found = drift_attribution(x, y, seed=1)
    assert found.mmd_p_value > 0.05
    assert all(one.share is None for one in found.features)
    assert found.typical_x == found.typical_y == ()
    assert found.sentence == "None of 5 features is shown to have moved on its own."


def test_few_rows_constant_features_and_small_results():
    few = drift_attribution(np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(4, 2))
    assert few.mmd_p_value is None
    assert few.pairs_tested == few.drifted == 0
    constant = drift_attribution(np.ones((30, 2)), np.ones((30, 2)))
    assert [one.test for one in constant.features] == ["none", "none"]
    rng = np.random.default_rng(15)
    wide = drift_attribution(rng.normal(size=(50, 300)), rng.normal(size=(50, 300)) + 1)
    assert wide.drifted > 200
    assert len(wide.features) == 20
    assert len(wide.model_dump_json()) < 8000
    json.loads(wide.model_dump_json(), parse_constant=pytest.fail)


def test_names_come_from_a_data_frame_and_direction_is_told():
    import pandas as pd

    rng = np.random.default_rng(16)
    frames = [pd.DataFrame({"age": rng.normal(size=200), "rate": rng.normal(size=200) - by}) for by in (0, 1)]
    found = drift_attribution(*frames)
    assert found.features[0].name == "rate"
    assert found.features[0].mean_difference == pytest.approx(-1, abs=0.25)
    assert "'rate' (down by" in found.sentence


def test_same_seed_same_result():
    rng = np.random.default_rng(17)
    x, y = rng.normal(size=(1300, 4)), rng.normal(size=(1200, 4)) + 0.2
    one, two, other = (drift_attribution(x, y, seed=seed).model_dump(exclude={"seconds"}) for seed in (1, 1, 2))
    assert one == two != other
    assert one["rows"] == (1000, 1000)


def test_wide_data_take_seconds():
    """512 features and 10,000 rows a domain: 1.1 to 2.4 s on two shared cores; the bound leaves room."""
    rng = np.random.default_rng(18)
    x, y = (rng.normal(size=(10_000, 512)).astype(np.float32) for _ in range(2))
    y[:, 3] += 0.5
    y[:, 7] = 0.8 * y[:, 9] + 0.6 * y[:, 7]
    drift_attribution(x[:100], y[:100])  # imports
    found = drift_attribution(x, y)
    assert found.features[0].name == "x3"
    assert [pair.names for pair in found.pairs] == [("x7", "x9")]
    assert found.seconds < 15


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"x": np.full((9, 2), np.nan)}, "x: expected at least two finite rows of numbers"),
        ({"y": np.array([[np.nan, 1.0]] + [[0.0, 1.0]] * 8)}, "y: expected at least two finite rows of numbers"),
        ({"y": np.zeros((9, 3))}, "y: expected rows of width 2 as in x"),
        ({"names": ["a"]}, "names: expected 2, one a feature"),
        ({"alpha": 1}, "alpha: expected a level"),
        ({"adjustment": "bonferroni"}, "adjustment: expected bh, by or holm"),
        ({"top": 0}, "top: expected at least 1"),
    ],
)
def test_bad_input_names_the_argument(change, part):
    rng = np.random.default_rng(19)
    with pytest.raises(DataError) as caught:
        drift_attribution(**{"x": rng.normal(size=(9, 2)), "y": rng.normal(size=(9, 2)), **change})
    assert part in str(caught.value)
