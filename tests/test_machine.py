"""Full disks and memory that ran out, as the libraries really tell of them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ntgate.machine import machine_fault

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def raised(act) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011  whatever it is
        act()
    return caught.value


def sqlite() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


@FULL
@pytest.mark.parametrize(
    "act",
    [lambda: torch.save({"x": torch.zeros(100_000)}, "/dev/full"), lambda: Path("/dev/full").write_text("x" * 100_000), sqlite],
    ids=["torch", "text", "sqlite"],
)
def test_a_full_disk(act):
    fault = machine_fault(raised(act))
    assert fault is not None
    assert (fault.subject, fault.exit_code) == ("disk", 74)


@pytest.mark.parametrize(
    "act", [lambda: torch.empty(1 << 50), lambda: np.empty(1 << 50), lambda: bytearray(1 << 60)], ids=["torch", "numpy", "python"]
)
def test_no_memory(act):
    fault = machine_fault(raised(act))
    assert fault is not None
    assert (fault.subject, fault.exit_code) == ("memory", 74)


WITHOUT_MEMORY = """
import resource, sys, threading
from ntgate.machine import machine_fault

def deeper():
    deeper()

sys.setrecursionlimit(10**6)
pages = int(open("/proc/self/statm").read().split()[0])
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**20, hard))
try:
    {act}
except (RuntimeError, SystemError, MemoryError) as error:
    found = error
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
fault = machine_fault(found)
print(fault.subject, fault.exit_code)
"""


CRASHES = pytest.mark.skipif(sys.version_info >= (3, 12), reason="a newer Python may crash there, which no code of ours sees")


@pytest.mark.parametrize(
    "act",
    [pytest.param("threading.Thread(target=print).start()", id="thread"), pytest.param("deeper()", id="frame", marks=CRASHES)],
)
def test_no_memory_for_python_itself(act):
    done = subprocess.run([sys.executable, "-c", WITHOUT_MEMORY.format(act=act)], capture_output=True, text=True, check=True)
    assert done.stdout == "memory 74\n"


@pytest.mark.parametrize(
    "error", [ValueError("No space left on device"), RuntimeError("shapes differ"), OSError(2, "no such file")]
)
def test_other_faults_are_none_of_the_machine(error):
    assert machine_fault(error) is None


def test_a_library_that_finds_no_room_is_one_of_memory_and_one_that_may_not_run_is_not():
    said = "_backend_agg.so: failed to map segment from shared object"
    assert machine_fault(ImportError(said)).subject == "memory"
    assert machine_fault(ImportError(f"{said}: Cannot allocate memory")).subject == "memory"
    assert machine_fault(ImportError(f"{said}: Operation not permitted")) is None


def test_the_cause_counts():
    outer = KeyError("x")
    outer.__cause__ = MemoryError()
    assert machine_fault(outer).subject == "memory"
