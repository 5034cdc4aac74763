"""What is asked again, and what is not."""

from __future__ import annotations

import json
import sys

import pytest

from ntgate.config_file import load
from ntgate.errors import ChampionMovedError, DataError, RegistryError
from ntgate.flow import run
from ntgate.graph import Node
from ntgate.registry import promotion
from ntgate.registry.client import connect
from ntgate.registry.run_mark import TOLD, mark_version
from ntgate.stages.registry_retries import registry_retries

SENTENCE = {"expected": "an answer", "got": "none", "fix": "start it"}


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(RegistryError("registry", **SENTENCE), 3), (ChampionMovedError("champion", **SENTENCE), 1), (DataError("x", **SENTENCE), 1)],
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


def test_a_registry_that_is_away_between_the_record_and_the_version_has_the_run_once(project, monkeypatch):
    told = project / "told.jsonl"
    teller = [sys.executable, "-c", f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read() + '\\n')"]
    settings = [
        f"notify.command={json.dumps(teller)}",
        "training.steps=120",
        "training.source_steps=120",
        "gate.seeds=1",
        "strategies=[{kind: linear_pool}]",
    ]
    whole, calls = promotion.promote, []

    def away_once(registry, request):
        calls.append(request)
        if len(calls) == 1:
            raise RegistryError("registry", **SENTENCE)
        return whole(registry, request)

    monkeypatch.setattr(promotion, "promote", away_once)
    monkeypatch.setattr(Node, "run", registry_retries(Node.run, waits=(0.0,)))  # as ZenML and Kubeflow call it
    config = load(project / "config.yaml", settings)
    result = run(config)
    assert (result.outcome, result.registry["version"], len(calls)) == ("promoted", "1", 2)
    assert calls[0] == calls[1]
    registry = connect(config.registry, "reader")
    runs = registry.client.search_runs([registry.experiment()], "tags.`ntgate.run_key` LIKE '%'")
    assert [found.info.run_id for found in runs] == [result.registry["run_id"]]
    again = run(config)  # another run of the same config is a run of its own
    assert again.registry["run_id"] != result.registry["run_id"]
    (message,) = [json.loads(line) for line in told.read_text().splitlines()]  # and was told of
    assert message["registry"]["run_id"] == result.registry["run_id"]
    assert message["text"] == f"reader: {result.sentence}"
    assert not mark_version(registry, "1", TOLD, "promoted")
