"""Every situation of ``docs/reading.md`` is read, asked about or refused as that page says, and every answer can be pasted."""

from __future__ import annotations

import pytest
import yaml

from tests.data.situations.outcome import ALL, CASES, PAGE, outcome, page

FOUND = {}


def seen(name, tmp_path_factory):
    if name not in FOUND:
        FOUND[name] = outcome(CASES[name], tmp_path_factory.mktemp("files"))
    return FOUND[name]


@pytest.mark.parametrize("name", CASES)
def test_a_situation(tmp_path_factory, name):
    one, found = CASES[name], seen(name, tmp_path_factory)
    assert found.does == one.does, found.printed
    assert one.says in found.printed
    assert one.kind is None or found.kinds["c"] == one.kind
    if found.answers:
        pasted = {key: value for line in found.answers for key, value in yaml.safe_load(line).items()}
        again = outcome(one, tmp_path_factory.mktemp("answered"), pasted)
        assert again.does == "reads" or "label_kind" in pasted, again.printed


def test_there_are_as_many_as_promised_and_each_once():
    assert len(CASES) == sum(map(len, ALL.values())) >= 120


def test_the_page_is_what_the_situations_say(tmp_path_factory):
    told = page({name: seen(name, tmp_path_factory) for name in CASES})
    assert told == PAGE.read_text(encoding="utf-8"), "run python -m tests.data.situations.outcome"
