"""Console, JSON, report page and drift page tell one story of a shift."""

from __future__ import annotations

import re

import click
import numpy as np
import pytest

from ntgate.cli.console import printable
from ntgate.cli.drift import summary
from ntgate.report.content import RunReport
from ntgate.report.drift_content import DriftReport, FeatureRow
from ntgate.report.drift_page import render_drift_page
from ntgate.report.page import render_page
from ntgate.shift import drift_attribution
from ntgate.shift.columns.feature_tests import per_feature
from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import ShiftReport, measure

COIN = "no better than a coin"


def report(seed: int, n: int, width: int, moved: float, features: int, **config) -> ShiftReport:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, width)), rng.normal(size=(n // 2, width))
    y[:, :features] += moved
    settings, names = ShiftConfig(permutations=99, **config), [f"x{i}" for i in range(width)]
    tested = per_feature(x, y, names, seed=seed)
    found = measure(x, y, settings, seed, representation="raw", tested=tested)
    attribution = drift_attribution(
        x, y, names, labels=names, tested=tested, alpha=found.features_level, adjustment="holm", seed=seed
    )
    return found.model_copy(update={"attribution": attribution})


REPORTS = {
    "equal": (0, 200, 5, 0.0, 0, {}),
    "equal, tolerant": (1, 200, 5, 0.0, 0, {"tolerated_effect": 0.1}),
    "far": (2, 300, 5, 2.0, 5, {}),
    "one of thirty": (3, 300, 30, 1.5, 1, {}),
    "one of thirty, tolerant": (3, 300, 30, 1.5, 1, {"tolerated_effect": 0.1}),
    "slightly, in many rows": (4, 4000, 4, 0.12, 4, {}),
    "tolerated": (5, 600, 5, 0.3, 5, {"tolerated_effect": 0.3}),
    "thirty of thirty": (6, 300, 30, 0.6, 30, {}),
    "strict": (7, 200, 3, 0.3, 1, {"alpha": 0.01}),
    "few rows": (8, 24, 3, 1.2, 3, {}),
}


@pytest.fixture(scope="module", params=REPORTS, ids=str)
def shift(request) -> ShiftReport:
    *given, config = REPORTS[request.param]
    return report(*given, **config)


def places(shift: ShiftReport, read) -> dict[str, str]:
    """What each place says, as text of single blanks."""
    features = [
        FeatureRow(name=one.name, effect=one.effect, p_adjusted=one.p_value, moved=one.drifted)
        for one in shift.attribution.features
    ]
    told = {**shift.model_dump(exclude={"attribution", "label_shift", "task"}), "sentence": shift.sentence}
    run = {"outcome": "rejected", "shift": shift.model_dump(mode="json")}
    found = {
        "console": click.unstyle(printable(summary(shift, "here"))),
        "drift page": read(render_drift_page(DriftReport.of(told, features=features))).text,
        "report page": read(render_page(RunReport.of(run))).text,
    }
    return {place: re.sub(r"\s+", " ", text) for place, text in found.items()}


def assert_agreement(shift: ShiftReport, said: dict[str, str]) -> None:
    for place, text in said.items():
        assert re.sub(r"\s+", " ", shift.sentence) in text, place
        assert (COIN in text) == (COIN in shift.classifier) or place == "console", place
        for size in ("very small", "small", "medium", "large"):  # one size at most is told
            if re.search(rf"\b(A|even a|effect is) {size}\b(?! p-value)", text):
                assert f"A {size} shift" in shift.sentence, (place, size)
    assert ("No shift shown" in shift.sentence) == (shift.outcome == "none")
    assert ("another distribution" in said["report page"]) is False
    counted = re.search(r"([\d,]+) of ([\d,]+) features? moved|None of ([\d,]+) features", said["drift page"])
    moved, of, none_of = counted.groups()
    assert (int(moved or 0), int(of or none_of)) == (shift.features_moved, shift.features_tested)
    assert f"{shift.features_moved} of {shift.features_tested} shown to have moved" in said["console"]
    left = re.search(r"and (\d+) more", said["console"])
    assert len(re.findall(r" moved by \d", said["console"])) + int(left[1] if left else 0) == shift.features_moved
    assert shift.attribution.drifted == shift.features_moved
    assert shift.attribution.tested == shift.features_tested
    assert shift.features_moved == 0 or shift.significant  # no feature moved where nothing is shown


def test_the_places_agree(shift, read):
    assert_agreement(shift, places(shift, read))


def test_a_p_value_of_three_per_cent_at_a_level_of_one(read):
    """No shift is shown, whatever five per cent would have said."""
    found = report(7, 200, 3, 0.3, 1, alpha=0.01).model_copy(
        update={"p_value": 0.03, "outcome": "none", "significant": False, "moved": (), "features_moved": 0}
    )
    found = found.model_copy(update={"attribution": found.attribution.model_copy(update={"drifted": 0, "features": ()})})
    said = places(found, read)
    for place, text in said.items():
        assert "No shift shown (p = 0.03)" in text, place


def test_a_p_value_between_its_part_of_the_level_and_the_level_says_so(shift):
    near = shift.model_copy(update={"p_value": 0.95 * shift.alpha, "outcome": "none", "moved": (), "features_moved": 0})
    assert f"level {near.joint_level:.3g}" in near.sentence


def test_reports_of_an_earlier_version_are_still_told(read):
    old = {"mmd2": 0.1, "p_value": 0.01, "alpha": 0.05, "outcome": "shift", "effect_size": 0.2, "proxy_a_distance": 1.2}
    page = read(render_page(RunReport.of({"outcome": "rejected", "shift": old})))
    assert "A large shift (p = 0.01): a linear classifier tells source from target rows with 80\u00a0% accuracy." in page.text
