"""What is asked again, and what is not."""

from __future__ import annotations

import pytest

from ntgate.errors import ChampionMovedError, DataError, RegistryError
from ntgate.stages.registry_retries import registry_retries

SENTENCE = {"expected": "an answer", "got": "none", "fix": "start it"}


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (RegistryError("registry", **SENTENCE), 3),
        (ChampionMovedError("champion", **SENTENCE), 1),
        (DataError("x", **SENTENCE), 1),
    ],
)
def test_only_a_silent_registry_is_asked_again(error, attempts):
    calls = []

    def stage(config, *, dry_run):
        calls.append((config, dry_run))
        raise error

    with pytest.raises(type(error)):
        registry_retries(stage, waits=(0.0, 0.0))("config", dry_run=True)
    assert calls == [("config", True)] * attempts


def test_an_answer_ends_the_asking():
    calls = []

    def stage():
        calls.append(1)
        if len(calls) < 2:
            raise RegistryError("registry", **SENTENCE)
        return "version 3"

    assert registry_retries(stage, waits=(0.0, 0.0))() == "version 3"
    assert len(calls) == 2
