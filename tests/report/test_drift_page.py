"""The drift page: whole, self-contained, deaf to hostile names, and true to the numbers it is given."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ntgate.report import drift_page, drift_plots, drift_words, feature_words
from ntgate.report.category_shares import category_shares
from ntgate.report.drift_content import DriftReport, FeatureRow
from ntgate.report.drift_page import render_drift_page, write_drift_page
from ntgate.report.histogram import histogram
from ntgate.report.projection import project
from ntgate.report.thumbnail import thumbnail
from ntgate.shift.words import looks

HOSTILE = '"><img src=x onerror=alert(1)></style><script>alert(1)</script>$\\frac{'
OUTCOMES = ["none", "tolerated", "shift"]


def full(outcome="shift", name="age", seed=0, **more):
    """A report with every part, its numbers drawn at random."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=(40, 3)) + 1
    u = rng.uniform
    told = {
        "outcome": outcome,
        "sentence": f"All about {name}",
        "model": name,
        "alpha": 0.05,
        "tolerated_effect": u(0.02, 0.2),
        "mmd2": u(0.1, 0.5),
        "p_value": u(0.001, 0.049),
        "null_quantiles": tuple(sorted(u(0, 0.05, 4))),
        "effect_size": u(0.2, 0.6),
        "effect_interval": (u(0.1, 0.2), u(0.6, 0.8)),
        "proxy_a_distance": u(0.5, 1.5),
        "proxy_a_distance_interval": (u(0, 0.5), u(1.5, 2)),
        "permutations": 731,
        "bandwidths": (0.613, 1.226, 2.452),
        "n_source": 1234,
        "n_target": 567,
        "representation": "raw",
        "seconds": 3.14,
        "features": [
            {
                "name": name,
                "effect": u(0.1, 1),
                "p_adjusted": u(0.001, 0.05),
                "moved": True,
                "direction": u(0.3, 2),
                "histogram": histogram(np.append(x[:, 0], np.nan), np.append(y[:, 0], 900.0)),
            },
            {
                "name": "colour " + name,
                "kind": "category",
                "effect": u(0.1, 1),
                "p_adjusted": 0.0001,
                "moved": True,
                "shares": category_shares(["red"] * 30 + [name] * 30, ["red"] * 10 + ["blue"] * 30),
            },
            {"name": "still", "effect": u(0, 0.1), "p_adjusted": u(0.1, 1), "direction": -u(0.02, 0.1)},
        ],
        "projection": project(x, y, keep=([7], [3])),
        "label_shift": {
            "shares": [{"name": name, "source": u(0, 0.5), "target": u(0, 0.5), "interval": (0.0, u(0.5, 1))}],
            "p_value": u(0.01, 0.9),
        },
        "task": {
            "shared": [name],
            "only_source": ["left"],
            "only_target": ["right"],
            "swapped": [{"target": name, "source": "other", "rows_nearer": u(0, 1), "p_value": u(0.01, 0.05)}],
            "conditionals": [{"name": name, "effect_size": u(0, 1), "p_value": u(0.01, 0.05), "status": "differs"}],
        },
        "typical": {
            "source": [{"row": 7, "name": name, "image": thumbnail(rng.random((8, 8)))}],
            "target": [{"row": 3, "image": thumbnail(rng.random((3, 8, 8)))}],
        },
        "evidently_href": "evidently.html",
        "created": "2026-11-24",
        "version": "0.2.0",
    }
    return DriftReport.of(told, **more)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_page_is_whole_and_loads_nothing(outcome, read, tmp_path):
    path = write_drift_page(full(outcome), tmp_path / "run" / "drift.html")
    text = path.read_text(encoding="utf-8")
    page = read(text)
    assert drift_words.outcome(full(outcome)) in page.text
    assert not {"script", "iframe", "object", "embed", "link", "base", "form"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    loaded = [*page.attribute("src"), *page.attribute("href"), *re.findall(r"url\(([^)]*)\)", text)]
    assert {place.split(",")[0] if place.startswith("data:") else place[0] for place in loaded} <= {
        "data:image/png;base64",
        "#",
        "e",
    }
    assert "@import" not in text
    assert "://" not in text


def test_identifiers_are_unique_and_references_resolve(read):
    page = read(render_drift_page(full()))
    names = page.attribute("id")
    assert len(names) == len(set(names))
    for reference in (
        *page.attribute("aria-labelledby"),
        *page.attribute("aria-describedby"),
        *(href[1:] for href in page.attribute("href") if href.startswith("#")),
    ):
        assert reference in names


def test_every_drawing_and_picture_has_words(read):
    page = read(render_drift_page(full()))
    drawings = [attributes for tag, attributes in page.tags if tag == "svg" and "aria-hidden" not in attributes]
    assert len(drawings) == 6  # effect, null, two features, projection, classes
    assert all(drawing["role"] == "img" and len(drawing["aria-label"]) > 20 for drawing in drawings)
    assert all(attributes["alt"] for tag, attributes in page.tags if tag == "img")


def test_hostile_names_are_escaped(read):
    report = full(name=HOSTILE, evidently_href="javascript:alert(1)", representation=HOSTILE, created=HOSTILE)
    page = read(render_drift_page(report))
    assert "script" not in {tag for tag, _ in page.tags}
    assert {attributes["src"][:10] for tag, attributes in page.tags if tag == "img"} == {"data:image"}
    assert "javascript:" not in "".join(page.attribute("href"))
    assert HOSTILE in page.text


def test_names_in_any_script_are_drawn_without_warnings(recwarn):
    page = render_drift_page(full(name="年齢 \t العمر"))
    assert "年齢" in page
    assert not [str(warning.message) for warning in recwarn]


@pytest.mark.parametrize("href", ["https://example.org/x", "//example.org", "../x.html", "a b", "", None])
def test_only_relative_links_are_kept(href):
    assert "Evidently" not in render_drift_page(full(evidently_href=href))


@pytest.mark.parametrize("image", ["http://example.org/x.png", "data:image/svg+xml;base64,AAAA", 'data:image/png;base64,A"'])
def test_only_pictures_inside_the_page_are_kept(image, read):
    report = full(typical={"source": [{"row": 1, "image": image}]})
    assert report.typical.source[0].image is None
    assert "img" not in {tag for tag, _ in read(render_drift_page(report)).tags}


SECTIONS = {
    "features": ("features-title", ()),
    "projection": ("map-title", None),
    "typical": ("looks-title", None),
    "label_shift": ("labels-title", None),
    "task": ("task-title", None),
}


@pytest.mark.parametrize("part", SECTIONS)
def test_a_missing_part_leaves_no_empty_section(part, read):
    title, nothing = SECTIONS[part]
    assert title in read(render_drift_page(full())).attribute("id")
    page = read(render_drift_page(full(**{part: nothing})))
    assert title not in page.attribute("id")
    assert "None" not in page.text
    others = {other for other, _ in SECTIONS.values()} - {title}
    assert others <= set(page.attribute("id"))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_next_to_nothing_and_nan_do_not_break_it(outcome, read):
    nan = float("nan")
    bare = DriftReport.of(
        {
            "outcome": outcome,
            "p_value": nan,
            "effect_size": nan,
            "effect_interval": [nan, 1],
            "mmd2": float("inf"),
            "null_quantiles": [0, 1, nan, 2],
            "proxy_a_distance": nan,
            "unheard_of": 1,
            "features": [{"name": "x", "effect": nan, "direction": nan, "p_adjusted": nan}],
            "label_shift": {},
            "task": {},
            "typical": {},
        }
    )
    page = read(render_drift_page(bare))
    assert not {"nan", "inf", "none"} & set(re.findall(r"[a-z]+", page.text.replace("None of", "").lower()))
    assert "labels-title" not in page.attribute("id")
    read(render_drift_page(DriftReport(outcome=outcome)))


def test_it_reads_results_of_other_classes():
    class Share:
        name, source, target, interval, weight = "a", 0.25, float("nan"), (0.0, float("nan")), 3.0

    class Shift:
        shares, p_value, alpha = (Share(),), 0.01, 0.05
        sentence = "Classes changed."

    told = DriftReport.of({"outcome": "shift", "label_shift": Shift()}).label_shift
    assert told.sentence == "Classes changed."
    assert (told.shares[0].source, told.shares[0].target, told.shares[0].interval) == (0.25, None, None)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("\u202f", ""))


def percent(text: str) -> float:
    return number(text.replace("\u202f%", "")) / 100


def ends(text: str, read_one) -> list[float]:
    return [read_one(end) for end in text.replace(" (95\u202f%)", "").split(" to ")]


@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_the_input(seed, read):
    report = full(seed=seed)
    page = read(render_drift_page(report))
    effect, between = page.facts["Effect size"].split(" | ")
    assert number(effect) == pytest.approx(report.effect_size, rel=5e-3)
    assert ends(between, number) == pytest.approx(report.effect_interval, rel=5e-3)
    p, permutations = page.facts["p-value"].split(" | ")
    assert number(p) == pytest.approx(report.p_value, abs=5e-4)
    assert permutations == "731 permutations"
    right, between = page.facts["Domain classifier"].split(" | ")
    error = (1 - report.proxy_a_distance / 2) / 2
    assert percent(right) == pytest.approx(1 - error, abs=5e-4)
    assert ends(between, percent) == pytest.approx([0.5 + end / 4 for end in report.proxy_a_distance_interval], abs=6e-4)
    distance, between = page.facts["Proxy A-distance"].split(" | ")
    assert number(distance) == pytest.approx(report.proxy_a_distance, rel=5e-3)
    assert ends(between, number) == pytest.approx(report.proxy_a_distance_interval, abs=5e-3)
    assert f"with {100 * (1 - error):.0f}\u00a0% accuracy" in page.text
    assert page.facts["Rows"] == "1\u202f234 of the source, 567 of the target"
    assert page.facts["Took"] == "3.1 s"
    assert "731 permutations, level 0.05, Gaussian kernels of width 0.613, 1.226 and 2.452" in page.facts["Test"]
    assert [page.facts[key] for key in ("Date", "ntgate")] == ["2026-11-24", "0.2.0"]
    mmd2, quantiles = re.search(r"MMD² is ([\d.]+)\..*? lie below ([\d., ]+?)\. This", page.text).groups()
    assert number(mmd2) == pytest.approx(report.mmd2, rel=5e-4)
    assert [number(q) for q in quantiles.split(", ")] == pytest.approx(report.null_quantiles, abs=5e-4)


@pytest.mark.parametrize("seed", range(5))
def test_tables_equal_the_input(seed, read):
    report = full(seed=seed)
    page = read(render_drift_page(report))
    table = {cells[0]: cells[1:] for cells in page.rows if len(cells) == 5}
    greatest = max(row.effect for row in report.features)
    for row in report.features:
        effect, p, moved, direction = table[row.name]
        assert number(effect) == pytest.approx(row.effect, abs=5e-4)
        assert p == ("< 0.001" if row.p_adjusted < 0.001 else f"{row.p_adjusted:.3g}")
        assert ("yes" in moved) == row.moved
        assert direction == feature_words.direction(row)
        assert f"width: {100 * row.effect / greatest:.1f}%" in page.attribute("style")
    listed = [cells[0] for cells in page.rows if len(cells) == 5][1:]
    expected = sorted(report.features, key=lambda row: (not row.moved, -row.effect))
    assert listed == [row.name for row in expected]
    swap, judged = report.task.swapped[0], report.task.conditionals[0]
    cells = next(cells for cells in page.rows if cells[:2] == [swap.target, swap.source])
    assert percent(cells[2]) == pytest.approx(swap.rows_nearer, abs=5e-4)
    assert number(cells[3]) == pytest.approx(swap.p_value, abs=5e-4)
    cells = next(cells for cells in page.rows if cells[-1] == "Otherwise distributed")
    assert number(cells[1]) == pytest.approx(judged.effect_size, rel=5e-3)


def test_no_number_is_made_up(read):
    """Each number that people read is one that was given, to its last digit, or belongs to the page's own words."""
    report = full(seed=3)
    page = read(render_drift_page(report))
    rights = [50 + 25 * d for d in (report.proxy_a_distance, *report.proxy_a_distance_interval)]
    whole = {95, 50, 90, 99}  # levels of intervals and quantiles
    whole |= {731, 1234, 567, 60, 40, 3, 2}  # permutations, rows, points, bandwidths together or features, those that moved
    whole |= {round(right) for right in rights}
    whole |= {0, 1, 25, 75}  # rows that are not drawn; shares of the category
    given = [0.05, *report.bandwidths, 3.14, 0.001, report.mmd2, report.p_value, *report.null_quantiles]
    given += [report.effect_size, *report.effect_interval, report.tolerated_effect]
    given += [report.proxy_a_distance, *report.proxy_a_distance_interval, *rights]
    given += [100 * share for share in report.projection.explained]
    given += looks(report).values()
    given += [value for row in report.features for value in (row.effect, row.p_adjusted, row.direction or 0.0)]
    given += [100 * value for share in report.features[1].shares for value in (share.source, share.target)]
    judged, swap = report.task.conditionals[0], report.task.swapped[0]
    given += [report.label_shift.p_value, judged.effect_size, judged.p_value, 100 * swap.rows_nearer, swap.p_value]
    text = re.sub(r"0\.2\.0|2026-11-24", "", page.text.replace("\u202f", ""))
    found = re.findall(r"\d+(?:\.\d+)?", text)
    assert len(found) > 50
    for token in found:
        if "." in token:
            last = 10.0 ** -len(token.split(".")[1])
            assert min(abs(abs(value) - float(token)) for value in given) <= 0.501 * last, token
        else:
            assert int(token) in whole, token


def test_the_drawings_hold_the_numbers_of_the_input():
    report = full(seed=2)
    figure = drift_plots.effect_interval(report.effect_size, report.effect_interval, tolerated=report.tolerated_effect)
    drawn = [np.asarray(line.get_xdata(), float) ** 2 for line in figure.axes[0].lines]
    assert any(np.allclose(line, report.effect_interval) for line in drawn)
    assert any(np.allclose(line, report.effect_size) for line in drawn)
    assert any(np.allclose(line, report.tolerated_effect) for line in drawn)

    axes = drift_plots.null_strip(report.mmd2, report.null_quantiles).axes[0]
    assert axes.lines[0].get_xdata() == [report.mmd2]
    bands = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    assert [end for _, end in bands] == pytest.approx(report.null_quantiles)

    told = report.features[0].histogram
    stairs = drift_plots.feature(told).axes[0].patches
    heights = [np.asarray(stair.get_data().values) for stair in stairs[::2]]
    np.testing.assert_allclose(heights[0], np.array(told.source) / sum(told.source))
    np.testing.assert_allclose(heights[1], np.array(told.target) / sum(told.target))

    bars = [bar.get_width() for bar in drift_plots.categories(report.features[1].shares).axes[0].patches]
    shares = report.features[1].shares
    assert bars == pytest.approx([100 * s.source for s in shares] + [100 * s.target for s in shares])

    source, marked, target, _ = drift_plots.projection(report.projection, marked=([7], [])).axes[0].lines
    np.testing.assert_allclose(source.get_xydata(), report.projection.source)
    np.testing.assert_allclose(target.get_xydata(), report.projection.target)
    np.testing.assert_allclose(marked.get_xydata(), [report.projection.source[7]])


def test_typical_rows_are_ringed_where_they_are_among_the_points(monkeypatch):
    rng = np.random.default_rng(0)
    report = full(projection=project(rng.normal(size=(300, 2)), rng.normal(size=(300, 2)), most=20, keep=([7], [])))
    seen = {}
    drawn = drift_plots.projection
    monkeypatch.setattr(drift_plots, "projection", lambda told, marked: (seen.update(marked=marked), drawn(told, marked=marked))[1])
    drift_page.render_drift_page(report)
    assert [report.projection.source_rows[place] for place in seen["marked"][0]] == [7]
    assert [report.projection.target_rows[place] for place in seen["marked"][1]] in ([], [3])


def test_at_most_eight_features_are_drawn_and_all_are_counted(read):
    rng = np.random.default_rng(0)
    told = histogram(rng.normal(size=50), rng.normal(size=50))
    rows = [{"name": f"x{i}", "effect": i / 200, "p_adjusted": 0.01, "moved": i >= 20, "histogram": told} for i in range(200)]
    page = read(render_drift_page(DriftReport.of({"outcome": "shift", "features": rows})))
    labels = [label for label in page.attribute("aria-label") if label.startswith("Distribution of")]
    assert [label.split(".")[0] for label in labels] == [f"Distribution of x{i}" for i in range(199, 191, -1)]
    assert "180 of 200 features moved." in page.text
    assert "The next 85 of 200" in page.text


@pytest.mark.parametrize(
    ("told", "tone"),
    [
        ({"outcome": "shift"}, "bad"),
        ({"outcome": "none"}, "plain"),
        ({"outcome": "none", "tolerated_effect": 0.0, "effect_interval": (0, 0)}, "plain"),
        ({"outcome": "none", "tolerated_effect": 0.1}, "unsure"),
        ({"outcome": "none", "tolerated_effect": 0.1, "effect_interval": (0.0, 0.2)}, "unsure"),
        ({"outcome": "none", "tolerated_effect": 0.1, "effect_interval": (0.0, 0.1)}, "good"),
        ({"outcome": "tolerated", "tolerated_effect": 0.1, "effect_interval": (0.0, 0.2)}, "unsure"),
        ({"outcome": "tolerated", "tolerated_effect": 0.1, "effect_interval": (0.0, 0.05)}, "good"),
    ],
)
def test_a_page_is_green_only_when_more_than_is_tolerated_is_ruled_out(told, tone, read):
    report = DriftReport.of(told)
    assert drift_words.tone(report) == tone
    page = read(render_drift_page(report))
    assert dict(page.tags)["body"]["class"] == tone
    assert ("not ruled out" in page.text) == (tone == "unsure" and "effect_interval" in told)


@pytest.mark.parametrize(
    ("p", "effect", "tolerated", "said"),
    [
        (0.002, 0.0003, None, True),
        (0.002, 0.0003, 0.01, True),
        (0.002, 0.03, 0.05, True),
        (0.03, 0.0003, 0.01, False),
        (0.002, 0.06, 0.05, False),
        (0.002, 0.03, None, False),
    ],
)
def test_many_rows_are_said_to_make_everything_significant(p, effect, tolerated, said):
    report = DriftReport(
        outcome="tolerated", p_value=p, effect_size=effect, tolerated_effect=tolerated, n_source=200_000, n_target=9
    )
    assert ("200\u202f009 rows even" in drift_words.significance(report)) == said


def test_the_words_for_an_effect_are_those_of_its_size():
    """The effect of two normal distributions d apart is near d^2 / (d^2 + 4), which the sizes and the bell curves rest on."""
    from ntgate.shift.kernel.mmd import mmd_test

    rng = np.random.default_rng(0)
    for distance, size in ((0.35, "small"), (0.65, "medium"), (1.5, "large")):
        x, y = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 1)) + distance
        found = mmd_test(x, y, permutations=99)
        low, high = found.effect_interval
        reach = 0.1 * found.effect_size
        assert low - reach < distance**2 / (distance**2 + 4) < high + reach
        report = DriftReport(outcome="shift", p_value=found.p_value, effect_size=found.effect_size)
        assert f"The effect is {size}," in drift_words.significance(report)
        said = float(re.search(r"lie ([\d.]+) standard", drift_words.significance(report)).group(1))
        assert said == pytest.approx(distance, rel=0.15)


def test_words_stand_out_from_what_is_behind_them():
    """Contrast of at least 4.5 to 1 for text and 3 to 1 for drawn colours, light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""
    styles = (Path(drift_page.__file__).parent / "templates" / "page.css").read_text()
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in re.findall(r":root \{(.*?)\}", styles, re.DOTALL))
    assert light.keys() == dark.keys()
    for colours in (light, dark):
        grounds = [colours[name] for name in ("paper", "ground")]
        for name in ("ink", "muted", "accent", "good", "bad", "unsure", "source", "target"):
            assert min(contrast(colours[name], ground) for ground in grounds) >= (3 if name in ("source", "target") else 4.5), name
        for name in ("good", "bad", "unsure", "accent"):
            assert contrast(colours[name], colours[f"{name}-wash"]) >= 4.5, name
            assert contrast(colours["ink"], colours[f"{name}-wash"]) >= 7, name


def contrast(first: str, second: str) -> float:
    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_equal_reports_make_equal_pages():
    assert render_drift_page(full()) == render_drift_page(full())


def test_a_class_that_moved_is_told_by_the_value_that_changed_most():
    row = FeatureRow(name="cp", kind="category", shares=category_shares(["a", "b", "b"], ["a", "c", "c"]))
    assert feature_words.direction(row) in ("b: 66.7\u202f% → 0.0\u202f%", "c: 0.0\u202f% → 66.7\u202f%")
