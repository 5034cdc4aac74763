"""What befalls a command beside the kill, or in its place: each provoked, none pretended but the clock."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from moments.story import Story

LARGE = "size=2g"
MAY_MOUNT = os.geteuid() == 0
KILLS = {"none", "clock"}  # the others end a command, or leave it alone, by themselves


def memory(megabytes: int) -> None:
    """So much address space more than this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def clock(hours: float) -> None:
    """A clock that is wrong, for everything that asks Python's ``time`` or the ledger for it."""
    from datetime import timedelta

    from ntgate.ledger import entries

    wall, now = time.time, entries.now
    time.time = lambda: wall() + 3600 * hours
    entries.now = lambda: now() + timedelta(hours=hours)


def inside(fault: str, dice: random.Random) -> Callable[[], None] | None:
    """What is done in the process of the command before it begins."""
    if fault == "memory":
        return partial(memory, dice.randint(0, 400))
    return partial(clock, dice.choice([-30, -5, 5, 30, 24 * 400])) if fault == "clock" else None


def fill(story: Story, dice: random.Random) -> None:
    """Leave up to a megabyte on the disk."""
    free = shutil.disk_usage(story.folder)
    subprocess.run(["mount", "-o", f"remount,size={(free.used // 4096 + dice.randint(0, 256)) * 4}k", story.folder], check=True)


def empty(story: Story) -> None:
    """Give the disk its room again."""
    subprocess.run(["mount", "-o", f"remount,{LARGE}", story.folder], check=True)


def move_alias(story: Story, model: str) -> str | None:
    """Another hand gives the alias to the model's newest version; which, or None where there is none."""
    waits = {"connect_args": {"timeout": 60}} if story.database.startswith("sqlite") else {}
    engine = sa.create_engine(story.database, poolclass=sa.NullPool, **waits)
    with engine.begin() as connection:
        version = connection.scalar(sa.text("SELECT max(version) FROM model_versions WHERE name = :name"), {"name": model})
        if version is not None:
            given = {"name": model, "version": version}
            connection.execute(sa.text("DELETE FROM registered_model_aliases WHERE name = :name AND alias = 'champion'"), given)
            connection.execute(
                sa.text("INSERT INTO registered_model_aliases (name, alias, version) VALUES (:name, 'champion', :version)"), given
            )
    engine.dispose()
    return None if version is None else str(version)


def await_moment(process: Any, seconds: float, wall: float = float("inf")) -> bool:
    """Wait until a command has used so much CPU time, which passes as fast as it works, or ``wall`` seconds; is it alive then?"""
    begun = time.monotonic()
    while process.is_alive():
        if _used(process.pid) >= seconds or time.monotonic() - begun >= wall:
            return True
        time.sleep(0.003)
    return False


def _used(process: int) -> float:
    """CPU seconds of a process, of the children it has had, and of those that it has."""
    try:
        numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        living = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # it has ended
        return 0.0
    return sum(map(int, numbers[11:15])) / os.sysconf("SC_CLK_TCK") + sum(_used(int(child)) for child in living)


def kill(process: Any) -> None:
    """At once, with its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not come to lead a group
        os.kill(process.pid, signal.SIGKILL)
    process.join()
