"""The graph: wired by signatures, the same for every driver, and open to a stage of one's own from outside the package."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from ntgate.base import Frozen
from ntgate.config_file import load
from ntgate.flow import DRIFT_CHECK, RETRAIN
from ntgate.graph import Context, Stage, graph, run_here
from ntgate.stages.ingest import Ingested
from ntgate.stages.place import Place
from ntgate.stages.result import RunResult
from ntgate.stages.second_process import Crew

NOWHERE = Context(None, Place(Path(), ""))


class Counted(Frozen):
    rows: int


def count(ingested: Ingested) -> Counted:
    return Counted(rows=sum(ingested.rows.values()))


def tell(counted: Counted, result: RunResult) -> Counted:
    return Counted(rows=counted.rows if result.outcome == "promoted" else -1)


def test_a_stage_of_ones_own_is_a_function_and_a_line(project: Path):
    own = (RETRAIN[0], Stage("count", count, "counted"), *RETRAIN[1:], Stage("tell", tell, "told"))
    config = load(project / "config.yaml", ["gate.seeds=1", "strategies=[{kind: linear_pool}]"])
    results = run_here(graph(own, len(config.strategies)), Context(config, Place.of(config)))
    assert results["told"] == results["counted"] == Counted(rows=700 + 45 + 15 + 600)


def test_every_stage_is_fed_by_what_was_made_before_and_says_what_it_makes():
    for stages in (RETRAIN, DRIFT_CHECK):
        made: set[str] = set()
        for node in graph(stages, 3):
            assert set(node.inputs) <= made
            assert issubclass(node.stage.returns, Frozen)
            made.add(node.result)


def test_what_fits_nowhere_is_refused_before_anything_runs():
    with pytest.raises(ValueError, match="tell asks for 'counted', which no earlier stage makes"):
        graph([Stage("tell", tell, "told")], 1)
    with pytest.raises(ValueError, match="makes 'ingested', a name that is taken"):
        graph([*RETRAIN, Stage("count", count, "ingested")], 1)


def test_what_runs_beside_is_waited_for_where_it_is_needed_and_stopped_where_the_run_ends():
    ended = []

    def beside(stopped: threading.Event) -> Counted:
        ended.append(stopped.wait(5))
        return Counted(rows=1)

    def quick() -> Counted:
        return Counted(rows=2)

    def fails() -> Counted:
        raise KeyboardInterrupt

    def slow() -> Counted:
        time.sleep(0.2)
        return Counted(rows=1)

    def both(slow: Counted, quick: Counted) -> Counted:
        return Counted(rows=slow.rows + quick.rows)

    stages = [Stage("slow", slow, "slow", beside=True), Stage("quick", quick, "quick"), Stage("both", both, "both")]
    assert run_here(graph(stages, 1), NOWHERE)["both"].rows == 3
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_here(graph([Stage("beside", beside, "a", beside=True), Stage("fails", fails, "b")], 1), NOWHERE)
    assert ended == [True]
    assert time.monotonic() - began < 4


class Two(Crew):
    """A crew whose helper is a list: what it was given ahead, and what was to be done, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead, self.order = [], []

    def begun(self, task):
        self.ahead.append(task.args[0].name)
        return task

    def done(self, tasks):
        self.order = [task.args[0].name for task in tasks]
        return super().done(tasks)


def test_what_may_be_done_apart_is_begun_as_soon_as_its_inputs_are_there_and_the_longest_first():
    def first() -> Counted:
        return Counted(rows=1)

    def alone(first: Counted) -> Counted:
        return first

    def plan(first: Counted) -> Counted:
        return first

    def arm(plan: Counted, number: int) -> Counted:
        return Counted(rows=number)

    def takes(number: int) -> float:
        return [1.0, 9.0, 4.0][number]

    crew = Two()
    stages = [
        Stage("first", first, "first"),
        Stage("plan", plan, "plan"),
        Stage("alone", alone, "alone", apart=True),
        Stage("arm", arm, "arms", every_arm=True, apart=True, takes=takes),
    ]
    results = run_here(graph(stages, 3), Context(None, Place(Path(), ""), crew=crew))
    assert crew.ahead == ["alone"]
    assert crew.order == ["arm_1", "arm_2", "arm_0", "alone"]
    assert [results[f"arms_{number}"].rows for number in range(3)] == [0, 1, 2]
