"""What the chaos command would say of a registry in which something was lost, doubled or overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.benchmarks.packages import beside_benchmarks


@pytest.fixture(scope="module")
def moments():
    with beside_benchmarks("moments", "after", "state", "story") as found:
        yield found


OPENED = ("reader", "opened", "d1", "c1", None, 0.05, 300)
CLOSED = ("reader", "closed", "d1", "c1", "promoted", 0.05, 300)
VERSIONS = (("reader", "1", "d1", "promoted", "none"), ("reader", "2", "baseline", "", ""))


@pytest.fixture
def whole(moments):
    return moments[1].State(
        versions=VERSIONS,
        aliases={("reader", "champion"): "1"},
        ledger={OPENED: 1, CLOSED: 1},
        recorded={"promoted": 1},
        locks=(),
        answer={"outcome": "promoted"},
    )


CHANGES = {
    "nothing": ({}, set()),
    "another outcome": ({"answer": {"outcome": "rejected"}}, {"decision"}),
    "closed twice": ({"ledger": {OPENED: 1, CLOSED: 1, (*CLOSED[:4], "rejected", 0.05, 300): 1}}, {"decision"}),
    "opened twice": ({"ledger": {OPENED: 2, CLOSED: 1}}, {"rows"}),
    "a version doubled": ({"versions": (*VERSIONS, ("reader", "3", "d1", "promoted", "none"))}, {"versions", "end"}),
    "a version lost": ({"versions": VERSIONS[1:]}, {"versions", "end"}),
    "left pending": ({"versions": (("reader", "1", "d1", "pending", "none"), VERSIONS[1])}, {"end"}),
    "a lock held": ({"locks": ("reader.ntgate-lock",)}, {"end"}),
    "no champion": ({"aliases": {}}, {"end"}),
    "recorded twice": ({"recorded": {"promoted": 2}}, {"end"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_differs_is_told_by_its_way(moments, whole, what):
    after, _, story = moments
    changed, ways = CHANGES[what]
    told = story.Told((), (0, 0), 1.0, whole, whole)
    assert after.compared(told, replace(whole, **changed), 0).keys() == ways
    assert after.compared(told, whole, 4).keys() == {"end"}


def test_a_repetition_may_end_as_a_repetition_does(moments, whole):
    after, _, story = moments
    repeated = replace(whole, answer={"outcome": "inconclusive"}, recorded={"promoted": 1, "inconclusive": 1})
    assert after.compared(story.Told((), (0, 4), 1.0, whole, repeated), repeated, 4) == {}


@pytest.mark.parametrize(("champion", "seen", "broken"), [("2", "none", set()), ("3", "2", set()), ("3", "1", {"decision"})])
def test_another_hands_alias_is_overwritten_by_nobody_who_has_not_seen_it(moments, whole, champion, seen, broken):
    versions = (*VERSIONS, ("reader", "3", "d2", "promoted", seen))
    state = replace(whole, versions=versions, aliases={("reader", "champion"): champion})
    assert moments[0].respected(state, "reader", "2", 0).keys() == broken
    assert moments[0].respected(state, "reader", "2", 1).keys() == broken | {"end"}
