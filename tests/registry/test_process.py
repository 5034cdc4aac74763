from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ntgate.registry.process import surely_dead, this_process

here = this_process()
pytestmark = pytest.mark.skipif(not here, reason="this system does not tell one process from another")


def test_a_living_process_is_not_dead():
    assert not surely_dead(here)


def test_an_ended_process_is_dead():
    code = "from ntgate.registry.process import this_process; print(this_process())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told.split()[:2] == here.split()[:2]
    assert surely_dead(told)


def test_a_number_given_to_another_process_is_not_mistaken_for_it():
    boot, space, number, start = here.split()
    assert int(number) == os.getpid()
    assert surely_dead(f"{boot} {space} {number} {int(start) - 1}")


def test_nothing_is_known_of_other_machines_and_containers():
    boot, space, _, _ = here.split()
    assert not surely_dead(f"another-boot {space} 999999999 1")
    assert not surely_dead(f"{boot} pid:[1] 999999999 1")
    assert not surely_dead(f"{boot} {space} rubbish 1")
