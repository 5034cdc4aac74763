"""A crew: tasks done by two processes have the results that they have in one."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.flow import run
from ntgate.planning.policy import Plan
from ntgate.stages import second_process
from ntgate.stages.second_process import Crew

SMALLEST = {
    "model": {"name": "m"},
    "data": {"source": {"path": "/s.npz"}, "target": {"path": "/t.npz"}},
    "registry": {"uri": "sqlite:////m.db"},
}


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def stage(self, name: str) -> None:
        self.said.append(name)

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        self.said.append(f"{arm} {step}")

    def note(self, text: str) -> None:
        self.said.append(text)


def process(number: int, listener) -> tuple[int, int]:
    listener.stage(f"task {number}")
    return number, os.getpid()


def root(number: float, listener) -> float:
    return math.sqrt(number)


def vanish(here: int, listener) -> str:
    if os.getpid() != here:
        os._exit(1)
    time.sleep(0.2)
    return "done"


@pytest.fixture(scope="module")
def heard():
    return Heard()


@pytest.fixture(scope="module")
def crew(heard):
    made = Crew(heard)
    made.hire(threads=1)
    yield made
    made.dismiss()


def test_both_work_and_results_are_in_order(crew, heard):
    threads = torch.get_num_threads()
    deadline = time.monotonic() + 60
    while True:  # until the helper has started
        found = crew.done([partial(process, number) for number in range(40)])
        assert [number for number, _ in found] == list(range(40))
        if len({one for _, one in found}) == 2 or time.monotonic() > deadline:
            break
    assert {one for _, one in found} > {os.getpid()}
    assert {f"task {number}" for number in range(40)} <= set(heard.said)  # of either process
    assert torch.get_num_threads() == threads


def test_the_helper_begins_ahead_what_is_done_only_once(crew):
    ahead = crew.begun(partial(process, 0))
    found = crew.done([ahead, *(partial(process, number) for number in range(1, 5))])
    assert [number for number, _ in found] == list(range(5))
    assert found[0][1] != os.getpid()


def test_what_the_helper_fails_at_ahead_is_raised_by_who_asks(crew):
    ahead = crew.begun(partial(root, -1.0))
    with pytest.raises(ValueError, match="math domain error"):
        crew.done([ahead, partial(root, 4.0)])


def test_without_a_helper_nothing_is_done_before_somebody_asks():
    here = partial(process, 7)
    assert Crew().begun(here) is here


def test_what_fails_in_the_helper_is_raised_here(crew):
    with pytest.raises(ValueError, match="math domain error"):
        crew.done([partial(root, 4.0), partial(root, -1.0)])
    assert crew.done([partial(root, 4.0), partial(root, 9.0)]) == [2.0, 3.0]


def test_threads_come_back_when_the_helper_goes():
    threads = torch.get_num_threads()
    made = Crew()
    made.hire(threads=1)
    assert torch.get_num_threads() == 1
    made.dismiss()
    assert torch.get_num_threads() == threads


def test_a_helper_that_dies_leaves_nothing_undone():
    alone = Crew()
    alone.hire(threads=1)
    try:
        assert alone.done([partial(vanish, os.getpid())] * 3) == ["done"] * 3
        assert alone.done([partial(root, 4.0)] * 3) == [2.0] * 3
    finally:
        alone.dismiss()


def test_a_script_that_has_a_helper_runs_once(tmp_path):
    (tmp_path / "once.py").write_text(
        "from functools import partial\n"
        "from ntgate.stages.second_process import Crew\n"
        "print('begun')\n"
        "crew = Crew()\n"
        "crew.hire(1)\n"
        "print(crew.begun(partial(str.format, 'done'))(listener=None))\n"
        "crew.dismiss()\n"
    )
    done = subprocess.run([sys.executable, str(tmp_path / "once.py")], capture_output=True, text=True, check=True)
    assert done.stdout == "begun\ndone\n"


def test_what_lies_in_the_working_directory_takes_no_place_in_the_helper(tmp_path, monkeypatch):
    (tmp_path / "signal.py").write_text("raise SystemExit('from the working directory')")
    monkeypatch.delenv("PYTHONPATH", raising=False)  # which may name it
    monkeypatch.chdir(tmp_path)
    made = Crew()
    made.hire(threads=1)
    try:
        _, done_by = made.begun(partial(process, 0))(listener=Heard())
        assert done_by != os.getpid()
    finally:
        made.dismiss()


def test_without_room_for_a_helper_all_is_done_here(monkeypatch):
    def full(*_, **__):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(second_process.subprocess, "Popen", full)
    before, made = len(os.listdir("/proc/self/fd")), Crew(helped=True)
    made.expect(RunConfig.model_validate(SMALLEST), Plan(rows=(), scratch_seconds=60.0), 2000)
    assert not made.employed
    assert len(os.listdir("/proc/self/fd")) == before
    assert made.done([partial(root, 4.0), partial(root, 9.0)]) == [2.0, 3.0]


@pytest.mark.slow
def test_a_helper_ends_with_a_process_that_was_killed():
    script = "import os, sys, time; from ntgate.stages.second_process import Crew; crew = Crew(); crew.hire(1); "
    script += "print(crew._helper._process.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        helper = int(parent.stdout.readline())
        time.sleep(5)
        parent.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{helper}/stat").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{helper}/stat").exists()


@pytest.mark.parametrize(
    ("seconds", "rows", "settings", "helped"),
    [
        (30.0, 2000, {}, True),
        (5.0, 2000, {}, False),  # not worth a second process
        (30.0, 10**6, {}, False),  # which would hold all rows again
        (30.0, 2000, {"training": {"processes": 2}}, False),
        (30.0, 2000, {"model": {"name": "m", "backbone": "torch.nn:Flatten"}}, False),
    ],
)
def test_a_long_run_on_a_cpu_alone_has_a_helper(seconds, rows, settings, helped, monkeypatch):
    hired = []

    class Noted:
        threads = 1

        def begin(self, threads):
            hired.append(threads)

        def end(self):
            pass

    monkeypatch.setattr(second_process, "_Helper", Noted)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    config = RunConfig.model_validate({**SMALLEST, **settings})
    made = Crew(helped=True)
    made.expect(config, Plan(rows=(), scratch_seconds=seconds), rows)
    made.dismiss()
    assert hired == ([2] if helped else [])
    Crew().expect(config, Plan(rows=(), scratch_seconds=seconds), rows)
    assert len(hired) == helped


@pytest.mark.slow
def test_a_run_of_two_processes_decides_what_one_decides(project, monkeypatch):
    settings = ["gate.seeds=2", "strategies=[{kind: fine_tuning}, {kind: forest_pool}]"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = run(load(project / "config.yaml", settings))
        monkeypatch.setattr(Crew, "expect", lambda self, *_: self.hire(1))
        fresh = f"registry.uri=sqlite:///{project / 'fresh.db'}"  # whose account has not seen the test rows
        both = run(load(project / "config.yaml", [*settings, fresh]), helped=True)
    finally:
        torch.set_num_threads(threads)
    assert alone.outcome == "promoted"
    assert (both.gain, both.p_value, both.over_seeds) == (alone.gain, alone.p_value, alone.over_seeds)
    assert [row.validation for row in both.plan] == [row.validation for row in alone.plan]
