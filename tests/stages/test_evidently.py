"""Evidently's page: made by a process that may be begun before the rows are there, and that never outlives what it is for."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.stages import evidently as stage
from ntgate.stages.ingest import Ingested, ingest_for_drift
from ntgate.stages.place import Place

pytest.importorskip("evidently")


@pytest.fixture
def asked(tmp_path: Path) -> tuple[RunConfig, Ingested]:
    rng = np.random.default_rng(0)
    for name in ("source", "target"):
        np.savez(tmp_path / f"{name}.npz", x=rng.normal(size=(60, 2)).astype(np.float32), y=np.arange(60) % 2)
    (tmp_path / "run.yaml").write_text(
        "{model: {name: m}, data: {source: {path: source.npz}, target: {path: target.npz}}, registry: {uri: 'sqlite:///m.db'}}"
    )
    config = load(str(tmp_path / "run.yaml"))
    return config, ingest_for_drift(config, Place(tmp_path, ""))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_process_that_was_begun_ahead_makes_the_page(asked, tmp_path):
    config, ingested = asked
    with stage.begun_ahead(config):
        (ahead,) = stage._ahead
        page = stage.evidently(config, tmp_path, ingested, threading.Event())
        assert ahead.returncode == 0
        assert not stage._ahead
    assert page.page is not None
    assert "60 of 60 target rows" in Path(page.pages["evidently"]).read_text()


def test_without_one_the_stage_begins_its_own(asked, tmp_path):
    config, ingested = asked
    assert stage.evidently(config, tmp_path, ingested, threading.Event()).page is not None


def test_a_process_that_nobody_asked_is_gone(asked):
    config, _ = asked
    begun = []

    def failing_run():
        with stage.begun_ahead(config):
            begun.append(stage._ahead[0].pid)
            assert alive(begun[0])
            raise RuntimeError("the run failed")

    with pytest.raises(RuntimeError, match="the run failed"):
        failing_run()
    assert not alive(begun[0])
    assert not stage._ahead


@pytest.mark.parametrize("without", [{"shift": {"evidently": False}}, {"data": {"source": None}}])
def test_none_is_begun_where_there_will_be_no_page(asked, without):
    (part, settings), (config, _) = *without.items(), asked
    changed = config.model_copy(update={part: getattr(config, part).model_copy(update=settings)})
    with stage.begun_ahead(changed):
        assert not stage._ahead


def test_a_run_that_stops_ends_the_process(asked, tmp_path):
    config, ingested = asked
    stopped, began = threading.Event(), time.perf_counter()
    stopped.set()
    page = stage.evidently(config, tmp_path, ingested, stopped)
    assert page.page is None
    assert "ended before" in page.why
    assert time.perf_counter() - began < 3


def test_a_process_that_dies_costs_the_page_alone(asked, tmp_path):
    config, ingested = asked
    with stage.begun_ahead(config):
        stage._ahead[0].kill()
        stage._ahead[0].wait()
        page = stage.evidently(config, tmp_path, ingested, threading.Event())
    assert page.page is None
    assert page.why.startswith("No Evidently page was made: ")
