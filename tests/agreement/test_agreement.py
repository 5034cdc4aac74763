"""No two places that tell of one run contradict each other, whatever its outcome."""

from __future__ import annotations

import dataclasses

import pytest

from ntgate.config_file import load
from ntgate.flow import drift
from tests.agreement.cases import REJUDGED, TRAINED, Workshop
from tests.agreement.data import PROJECTS
from tests.agreement.facts import FACTS, Compared, compared, drift_compared
from tests.agreement.places import places_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("agreement"))


def contradictions(found: list[Compared]) -> list[Compared]:
    return [one for one in found if not one.agrees]


@pytest.mark.parametrize("name", [*TRAINED, *REJUDGED])
def test_every_place_tells_the_same(workshop, name):
    result, uri = workshop.trained(name) if name in TRAINED else workshop.rejudged(name)
    found = compared(places_of(result, uri))
    assert contradictions(found) == []
    assert {one.fact for one in found} == set(FACTS) - ({"artifacts"} if result.dry_run else set())


@pytest.mark.parametrize("project", ["digits", "texts", "many_classes"])
def test_a_drift_check_tells_the_same(tmp_path, project):
    PROJECTS[project](tmp_path)
    assert contradictions(drift_compared(drift(load(tmp_path / "config.yaml")))) == []


def test_what_is_told_otherwise_is_found(workshop):
    result, uri = workshop.trained("digits")
    places = places_of(result, uri)
    turned = {
        "gain": ("gain and interval", 0.5),
        "outcome": ("verdict", "rejected"),
        "p_value": ("p value and level", 0.9),
        "champion": ("champion", {"version": "7", "value": 0.5, "n": 9, "strategy": None, "seconds": None}),
        "sentence": ("sentence", "Nothing."),
    }
    for key, (fact, value) in turned.items():
        other = dataclasses.replace(places, answer={**places.answer, key: value})
        assert fact in {one.fact for one in contradictions(compared(other))}, key
