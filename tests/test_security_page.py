"""SECURITY.md names tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.checkout import ROOT

NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())))


def test_it_names_some():
    assert len(NAMED) > 10


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_it_exists(file, test):
    text = (ROOT / file).read_text()
    assert f"def {test or 'test_'}" in text
