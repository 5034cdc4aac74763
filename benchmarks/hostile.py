"""Hostile inputs at every door of the command line: each has to be refused in one sentence, with the exit code that is right.

Run: ``python benchmarks/hostile.py``; ``--door weights`` tries one door, ``--only TEXT`` what has the text in its name, and both
write no table.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hostile_inputs import doors
from hostile_inputs.hostile_input import HostileInput
from hostile_inputs.trial import FOREST, MEMORY, SECONDS, WRONG, Bench, Tried
from machine import heading, write

HERE = Path(__file__).resolve().parent
TRIED = HERE.parent / ".bench" / "hostile"  # a line for each input, so that an interrupted command goes on
WHAT = f"""
Inputs are generated; beside each stands which exit codes are right for it. Each is laid beside a project with a champion and
given to the real command line with `--json`, in a process of its own with {MEMORY >> 30} GiB of address space and
{SECONDS:.0f} seconds. It is right where the exit code is one of these, where neither stream has a traceback, where standard
output is one JSON object and standard error says each of its sentences, one where one thing is wrong, where versions and aliases
are those from before, where no code that stands in the input was executed (it would leave a file), and where the password in
the input, or in the environment, is in neither stream and in no file that it was not in before, databases and archives unpacked.
"""


def chosen(door: str | None, only: str) -> list[HostileInput]:
    """The inputs of a door, or of all, with a text in their names."""
    return [one for one in doors.all_inputs() if door in (None, one.door) and only in one.name]


def kept() -> dict[tuple[str, str], Tried]:
    """The inputs that were tried before, by door and name."""
    lines = [text for file in sorted(TRIED.glob("*.jsonl")) for text in file.read_text(encoding="utf-8").splitlines()]
    return {(one.door, one.name): one for one in (Tried(**json.loads(text)) for text in lines)}


def tried(door: str | None, only: str, first: int, step: int) -> None:
    """Every ``step``-th of the chosen inputs from the ``first`` on that was not tried before, one after the other."""
    known = kept()
    FOREST.set_forkserver_preload(["moments.preload"])
    with tempfile.TemporaryDirectory(prefix="hostile-") as home:
        bench = Bench(Path(home).resolve())
        bench.prepare()
        for number, given in list(enumerate(chosen(door, only)))[first::step]:
            if (given.door, given.name) in known:
                continue
            one = bench.attempt(given, number)
            with (TRIED / f"{first}.jsonl").open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(one)) + "\n")
            if one.wrong:
                print(f"  {line(one)}", file=sys.stderr, flush=True)


def line(one: Tried) -> str:
    """An input that ended wrong, in a line."""
    told = "; ".join(f"{WRONG[key]}: {' '.join(what.split())[-240:]}" for key, what in one.wrong.items())
    words = " ".join(word if len(word) <= 60 else f"{word[:40]}... ({len(word):,} characters)" for word in one.words)
    return f"{one.door}, {one.name} (`{words!r}`): {told}".replace("`'", "`").replace("'`", "`")


def table(found: list[Tried]) -> str:
    """The figures by door, and a line for each that ended wrong."""
    lines = [f"| door | inputs | right | {' | '.join(WRONG.values())} |", f"| --- |{' ---: |' * (len(WRONG) + 2)}"]
    names = list(dict.fromkeys(one.door for one in found))
    for name, some in {**{name: [one for one in found if one.door == name] for name in names}, "all": found}.items():
        figures = [len(some), sum(not one.wrong for one in some), *(sum(key in one.wrong for one in some) for key in WRONG)]
        lines.append(f"| {name} | {' | '.join(f'{figure:,}' for figure in figures)} |")
    slowest = max(found, key=lambda one: one.seconds)
    lines += [
        "",
        f"An input takes {statistics.median(one.seconds for one in found):.2f} s in the median, and "
        f"{slowest.seconds:.0f} s at most ({slowest.door}, {slowest.name}); "
        f"all of them, two at a time, {sum(one.seconds for one in found) / 120:.0f} minutes.",
        "",
        *(f"- {line(one)}" for one in found if one.wrong),
    ]
    return "\n".join(lines).rstrip()


def main() -> None:
    """Try all inputs, and write the table; exit 1 where one of them ended wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--door", help="this door alone")
    options.add_argument("--only", default="", help="inputs with this text in their names")
    options.add_argument("--processes", type=int, default=2, help="each with a project of its own")
    options.add_argument("--go-on", action="store_true", help="count what an interrupted command has tried")
    given = options.parse_args()
    # Where a fork server looks for what it loads beforehand; one thread each, for a machine that others use too.
    os.environ["PYTHONPATH"] = f"{HERE}{os.pathsep}{HERE.parent}"
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        os.environ.pop(name, None)
    TRIED.mkdir(parents=True, exist_ok=True)
    for file in () if given.go_on else TRIED.glob("*.jsonl"):
        file.unlink()
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(tried, given.door, given.only, first, given.processes) for first in range(given.processes)]
        for job in jobs:
            job.result()
    known = kept()
    found = [known[one.door, one.name] for one in chosen(given.door, given.only)]
    text = table(found)
    if given.door or given.only:
        print(text)
    else:
        write("hostile.md", heading("Hostile inputs", "python benchmarks/hostile.py") + WHAT + "\n" + text)
    sys.exit(any(one.wrong for one in found))


if __name__ == "__main__":
    main()
