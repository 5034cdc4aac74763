"""The report page: whole, self-contained, and deaf to hostile names."""

from __future__ import annotations

import re

import pytest

from ntgate.report import words
from ntgate.report.content import RunReport
from ntgate.report.drift_content import DriftReport
from ntgate.report.drift_page import render_drift_page
from ntgate.report.forest_plot import forest
from ntgate.report.page import render_page
from ntgate.strategies import STRATEGIES


def report(outcome="promoted", **more):
    result = {
        "outcome": outcome,
        "decision_id": "ab" * 32,
        "metric": "accuracy",
        "gain": 0.03,
        "gain_interval": [0.01, 0.05],
        "p_value": 0.002,
        "alpha": 0.05,
        "candidate": {"strategy": "fine_tuning", "value": 0.93, "n": 900, "seconds": 1.0},
        "scratch": {"value": 0.9, "n": 900, "seconds": 1.0},
        "shift": {"mmd2": 0.21, "p_value": 0.002, "effect_size": 0.1, "proxy_a_distance": 1.7, "n_source": 10, "n_target": 5},
        "plan": [{"strategy": "fine_tuning", "reason": "near", "trained": True, "validation": 0.9, "seconds": 1.0}],
        "findings": [{"rule": "negative_transfer", "outcome": "pass", "measured": 0.01, "bound": 0.0, "reason": "It beats."}],
    }
    curves = {"fine_tuning": [{"step": s, "train_loss": 1 / s, "validation_loss": 1 / s, "validation": 0.5} for s in (1, 2)]}
    return RunReport.of({**result, **more.pop("result", {})}, model="reader", curves=curves, **more)


@pytest.mark.parametrize("outcome", ["promoted", "rejected", "inconclusive"])
def test_page_is_whole_and_loads_nothing(outcome, read):
    page = render_page(report(outcome))
    read(page)
    assert outcome.capitalize() in page
    assert "<script" not in page
    loads = re.findall(r"""(?:src|href)=["'](?!#|data:)([^"']+)""", page)
    assert not [place for place in loads if "://" in place]


def test_hostile_names_are_escaped():
    hostile = "<img src=x onerror=alert(1)>"
    page = render_page(
        report(
            result={
                "plan": [{"strategy": hostile, "reason": hostile}],
                "sentence": hostile,
                "alarms": [hostile],
                "findings": [{"rule": f"slice {hostile}=x", "outcome": "fail", "reason": hostile}],
            },
            config={"model": {"name": hostile}},
            by_class=[{"name": hostile, "n": 3, "candidate": 0.1, "scratch": 0.2}],
        )
    )
    assert "<img src=x" not in page


def test_missing_values_do_not_break_it():
    empty = {"gain": None, "gain_interval": None, "p_value": float("nan"), "candidate": None, "scratch": None, "shift": None}
    page = render_page(report("inconclusive", result=empty))
    assert "Inconclusive" in page
    assert "nan" not in re.sub(r"<[^>]+>", "", page).lower().split()


def test_what_a_strategy_learnt_is_told_beside_it(read):
    notes = {"source_share.0": 0.912, "source_share.3": 0.25, "source_rows": 1040, "effective_source_rows": 12.34}
    page = read(render_page(report(result={"plan": [{"strategy": "parameter_transfer", "trained": True, "notes": notes}]})))
    assert "The source's share of the weights: 91.2\u202f% in block 0, 25.0\u202f% in block 3." in page.text
    assert "Source rows kept: 1,040. They are worth 12.3 rows of equal weight." in page.text


def test_arms_stand_with_weight_and_gain_and_scores_with_their_reliability(read):
    told = {
        "plan": [
            {"strategy": "logistic", "label": "logistic", "trained": True, "validation": 0.8, "weight": 0.25},
            {"strategy": "forest", "label": "forest", "trained": False},
        ],
        "learners": [{"strategy": "logistic", "value": 0.85, "gain": 0.08, "gain_interval": [0.05, 0.11]}],
        "constant": {"strategy": "constant", "value": 0.1, "gain": 0.83, "gain_interval": [0.8, 0.86]},
        "calibration": {
            "candidate": {"log_loss": 0.3125, "brier": 0.15, "bins": [{"rows": 9, "confidence": 0.8, "accuracy": 0.9}]}
        },
    }
    page = read(render_page(report(result=told)))
    assert ["Logistic", "80.0\u202f%", "25.0\u202f%", "85.0\u202f%", "+8.0 points", "+5.0 to +11.0"] in page.rows
    assert ["Always the same answer", "–", "–", "10.0\u202f%", "+83.0 points", "+80.0 to +86.0"] in page.rows
    assert page.facts["Log-loss"].startswith("0.312")
    assert any(label.startswith("Reliability. candidate: right on 90.0") for label in page.attribute("aria-label"))
    assert not [label for label in read(render_page(report())).attribute("aria-label") if "Reliability" in label]


def test_every_strategy_has_a_name_of_its_own():
    kinds = [*STRATEGIES.kinds, "scratch"]
    assert len({words.strategy(kind) for kind in kinds}) == len(kinds)
    assert words.strategy("linear_pool") == "pooled logistic regression"


def test_the_headline_is_the_gates_own_sentence_and_alarms_stand_below_it(read):
    alarm = "Labels look swapped: correct them."
    told = {"sentence": f"The candidate lost. {alarm}", "alarms": [alarm], "champion": {"version": "3", "value": 0.9, "n": 9}}
    page = render_page(report("rejected", result=told))
    assert '<h1 id="verdict">The candidate lost.</h1>' in page
    assert f'role="note">{alarm}</p>' in page
    assert "The champion, version 3, is where it was." in read(page).text


def test_where_there_is_no_champion_none_is_where_it_was(read):
    text = read(render_page(report("rejected"))).text
    assert "Nothing was promoted, and there is no champion." in text
    assert "where it was" not in text


def test_a_rule_is_named_by_what_it_asks(read):
    found = {"rule": "negative_transfer", "outcome": "inconclusive", "reason": "Not shown."}
    page = read(render_page(report("inconclusive", result={"findings": [found]})))
    assert "Beats training from scratch" in [row[0] for row in page.rows]
    assert "Negative transfer" not in page.text


def test_the_drift_page_is_a_part_of_the_page(read):
    drift = render_drift_page(
        DriftReport(outcome="shift", effect_size=0.2, effect_interval=(0.1, 0.3), sentence="far", evidently_href="e.html")
    )
    page = render_page(report(), drift)
    seen = read(page)
    assert "How far apart the domains are" in seen.text
    assert seen.text.count("Far.") == 1
    identifiers = seen.attribute("id")
    assert len(identifiers) == len(set(identifiers))
    for name in ("aria-labelledby", "aria-describedby"):
        assert {word for value in seen.attribute(name) for word in value.split()} <= set(identifiers)
    assert all(target.startswith("#") and target[1:] in identifiers for target in seen.attribute("href"))
    assert page.count("<h1") == 1
    assert page.count("<main>") == 1


def test_one_forest_holds_champion_seeds_learners_and_the_constant_guess(read):
    over = {"value": 0.9, "gain": 0.02, "gain_interval": [-0.01, 0.05]}
    told = {
        "champion": {"version": "4", "value": 0.91, "n": 900},
        "over_champion": {"strategy": "champion", **over},
        "over_seeds": {"gains": [0.03, -0.01, 0.04], "gain": 0.02, "interval": [0.005, 0.035]},
        "learners": [{"strategy": "logistic", **over}],
        "constant": {"strategy": "constant", "value": 0.1, "gain": 0.83, "gain_interval": [0.8, 0.86]},
    }
    shown = report(result=told, margin=0.005)
    page = read(render_page(shown))
    rows = {row[0].strip(): row for row in page.rows}
    assert rows["Over training from scratch decides"][2:] == ["+3.0 points", "+1.0 to +5.0"]
    assert rows["Over the champion, version 4"][2:] == ["+2.0 points", "−1.0 to +5.0"]
    assert rows["Over scratch, mean of 3 seeds"][2:] == ["+2.0 points", "+0.5 to +3.5"]
    assert rows["Seed 2"][2:] == ["−1.0 points", ""]
    drawn = forest(shown)
    assert [row.tone for row in drawn.rows] == ["good", "unsure", "good", "plain", "plain", "plain", "unsure", "good"]
    assert drawn.rows[4].at < drawn.zero < drawn.margin < drawn.rows[0].at
    taken = {"gain": 0.2, "gain_interval": [0.1, 0.3]}
    first, second = forest(report(result={**told, "replacement": taken})).rows[:2]
    assert (first.label, first.decides, second.decides) == ("training from scratch over the champion", True, False)
    assert drawn.rows[-1].at == 100.0, "a guess that is far off does not flatten all others"


def test_rows_won_and_lost_are_shown_as_pictures_or_cells_and_mistakes_by_pair(read):
    row = {"row": 7, "true": "cat", "candidate": "cat", "scratch": "dog"}
    told = {
        "won": 3,
        "lost": 1,
        "won_rows": [{**row, "picture": "data:image/png;base64,AAAA"}],
        "lost_rows": [{**row, "candidate": "dog", "scratch": "cat", "cells": {"notes": "<b>purrs"}}],
    }
    mistakes = [{"true": "cat", "answered": "dog", "candidate": 1, "scratch": 3}]
    page = read(render_page(report(disagreement=told, mistakes=mistakes)))
    assert "On 3 test rows the candidate is right and training from scratch wrong; on 1 it is the other way round." in page.text
    assert "It is cat . Candidate: cat. From scratch: dog. Row 7" in page.text
    assert page.attribute("src") == ["data:image/png;base64,AAAA"]
    assert page.facts["notes"] == "<b>purrs"
    assert ["cat", "dog", "3", "1", "2 fewer"] in page.rows
    hidden = read(render_page(report(disagreement={"won": 3, "lost": 1, "hidden": "No row is shown: why."})))
    assert "the other way round. No row is shown: why." in hidden.text
    assert "Rows won and lost" not in read(render_page(report())).text
