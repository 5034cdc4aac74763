"""Whether a command that is killed at any moment, on a full disk, without memory or database, loses or doubles anything.

A story of runs, ``ask``, ``judge`` and ``approve`` on small real data is told once undisturbed. Then a command of it is begun where
the one before left everything, struck at a random moment, and run again: what it leaves has to be what the undisturbed one left.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import RESULTS, heading, write
from moments import faults
from moments.after import WAYS, Broken, compared, respected
from moments.cluster import Kept, postgresql
from moments.story import COMMANDS, FOREST, Story

HERE = Path(__file__).resolve().parent
STRUCK = HERE.parent / ".bench" / "chaos"  # a line for each moment, so that an interrupted command goes on
HUNG = 124  # as of the command timeout
WEIGHTS = {"none": 0.4, "disk": 0.15, "memory": 0.15, "clock": 0.15, "alias": 0.15}
TOLD = {
    "none": "killed",
    "disk": "the disk is full",
    "memory": "no more memory",
    "clock": "killed, the clock hours or a year off",
    "alias": "another hand moves the alias",
    "database": "PostgreSQL crashes and recovers",
}
DRIVERS = {
    "inline": "One process a run.",
    "zenml": "ZenML's local orchestrator, a database of its own.",
    "pods": "Each stage in a process of its own with an empty home, as in Kubeflow's pods. Runs alone.",
}
WHAT = """
A story on small real data: two runs of one model, a run with few test rows of another that wants an approval, `ask`,
`judge` and `approve`. For each moment a command is begun where the one before left everything, struck at a uniformly drawn
share of the CPU time that it takes, and run once more. Then decision, versions, aliases, the ledger's entries, recorded runs,
locks and exit code have to be those that the command leaves undisturbed, or undisturbed and repeated. Where another hand moved
the alias, nobody may have overwritten what it did without having seen it. The disk is a tmpfs that at that moment has
0 to 1 MB left, the memory a limit of 0 to 400 MB more address space than at the start, the clock Python's `time` and the
ledger's, PostgreSQL a real cluster that is ended without a checkpoint and started again half a second later. All other moments
are on SQLite. With too little memory OpenBLAS may ask for it for ever, and Python wait for a thread that never began; such a
command is killed in the end.
"""


@dataclass(frozen=True)
class Moment:
    """What was struck, how the command and its rerun ended, what is wrong, and how long it all took."""

    command: str
    fault: str
    code: int
    again: int
    broken: Broken
    seconds: float


def strike(story: Story, fault: str, dice: random.Random, crash: object = None) -> Moment:
    """One moment."""
    began = time.time()
    able = [name for name in story.told if fault != "alias" or name in ("second run", "judge", "approve")]
    (command,) = dice.choices(able, [COMMANDS[name][1] for name in able])
    told, moved = story.told[command], None
    story.restore(command)
    process = story.start(told.words, faults.inside(fault, dice))
    alive = fault != "memory" and faults.await_moment(process, dice.uniform(0, 1.02) * told.seconds)
    if fault in faults.KILLS and alive:
        faults.kill(process)
    elif fault == "disk":
        faults.fill(story, dice)
    elif fault == "alias":
        moved = faults.move_alias(story, "reader" if command == "second run" else "labelled")
    elif callable(crash):
        crash()
    # OpenBLAS asks for memory that it does not get for ever, and Python waits for ever for a thread that died of it as it began.
    hung = fault == "memory" and faults.await_moment(process, 5 * told.seconds + 20, wall=150)
    if hung:
        faults.kill(process)
    code = HUNG if hung else story.ended(process)[0]
    last = (story.folder.parent / "err").read_text()[-300:]
    if fault == "disk":
        faults.empty(story)
    again, _, answer = story.ended(story.start(told.words))
    state = story.state(answer)
    model = "reader" if command == "second run" else "labelled"
    broken = compared(told, state, again) if moved is None else respected(state, model, moved, again)
    if code == 1:
        broken |= {"internal": last}
    return Moment(command, fault, code, again, broken, time.time() - began)


def tell(home: Path, driver: str, kept: Kept | None) -> Story:
    """A story in a folder of its own, on a disk of its own where that may be had, told once."""
    folder, copies = home / "story", home / "kept"
    folder.mkdir(parents=True)
    copies.mkdir()
    if faults.MAY_MOUNT:
        subprocess.run(["mount", "-t", "tmpfs", "-o", faults.LARGE, "none", folder], check=True)
    own = {} if kept is None else {"keep": kept.keep, "put_back": kept.put_back}
    story = Story(folder, copies, driver, f"sqlite:///{folder}/mlflow.db" if kept is None else kept.uri, **own)
    story.tell()
    return story


def kept_moments(file: Path) -> list[Moment]:
    """Those that were struck before."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [Moment(**json.loads(line)) for line in lines]


def struck(moments: int, driver: str, seed: int, database: bool, until: float) -> None:
    """So many moments, those of an interrupted command included, or as many as begin in time."""
    file = STRUCK / f"{driver}-{'database' if database else 'files'}-{seed}.jsonl"
    found = kept_moments(file)
    if len(found) >= moments or time.time() >= until:
        return
    FOREST.set_forkserver_preload(["moments.preload"])
    weights = {fault: weight for fault, weight in WEIGHTS.items() if fault != "disk" or faults.MAY_MOUNT}
    with postgresql() if database else nullcontext() as kept, tempfile.TemporaryDirectory() as home:
        if database and kept is None:
            return
        try:
            story = tell(Path(home), driver, kept)
            while len(found) < moments and time.time() < until:
                dice = random.Random(f"{seed} {len(found)}")
                (fault,) = ("database",) if database else dice.choices(list(weights), list(weights.values()))
                moment = strike(story, fault, dice, kept and kept.crash)
                found.append(moment)
                with file.open("a", encoding="utf-8") as kept_lines:
                    kept_lines.write(json.dumps(asdict(moment)) + "\n")
                told = f"{moment.command}: {TOLD[fault]}, exit {moment.code}, again {moment.again} {moment.broken or ''}"
                print(f"  seed {seed}, {len(found)} of {moments}: {told}", file=sys.stderr, flush=True)
        finally:
            subprocess.run(["umount", "-l", Path(home) / "story"], check=False, capture_output=True)


def section(moments: list[Moment], driver: str) -> str:
    """The figures by fault, and what broke."""
    median = statistics.median(one.seconds for one in moments)
    lines = [f"## {driver}", "", f"{DRIVERS[driver]} {len(moments)} moments, {median:.0f} seconds each in the median.", ""]
    lines += [f"| struck | moments | ended by it | {' | '.join(WAYS.values())} |", f"| --- |{' ---: |' * (len(WAYS) + 2)}"]
    for name, some in {
        **{TOLD[fault]: [one for one in moments if one.fault == fault] for fault in TOLD},
        **{f"`{command}`, any fault": [one for one in moments if one.command == command] for command in COMMANDS},
        "all": moments,
    }.items():
        if some:
            ended = sum(one.code not in (0, 3, 4, 7) for one in some)
            figures = [sum(way in one.broken for one in some) for way in WAYS]
            lines.append(f"| {name} | {len(some)} | {ended} | {' | '.join(map(str, figures))} |")
    lines += ["", "Ended by it: " + (", ".join(f"{how} {n} times" for how, n in _ends(moments)) or "none") + ".", ""]
    lines += [
        f"- {one.command}, {TOLD[one.fault]}: {way}: {' '.join(str(what).split())}"
        for one in moments
        for way, what in one.broken.items()
    ]
    return "\n".join(lines)


def _ends(moments: list[Moment]) -> list[tuple[str, int]]:
    codes = [one.code for one in moments if one.code not in (0, 3, 4, 7)]
    told = Counter("hung until killed" if code == HUNG else "killed" if code < 0 else f"exit {code}" for code in codes)
    return sorted(told.items())


def main() -> None:
    """Strike, and write the section of this driver."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--moments", type=int, default=100)
    options.add_argument("--driver", choices=tuple(DRIVERS), default="inline")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--minutes", type=float, default=600, help="begin no moment after so long")
    options.add_argument(
        "--processes", type=int, default=2, help="of SQLite; PostgreSQL has a further one, for a sixth of the moments"
    )
    options.add_argument("--go-on", action="store_true", help="count the moments of the last command, interrupted or not")
    given = options.parse_args()
    os.environ["PYTHONPATH"] = f"{HERE}{os.pathsep}{HERE.parent}"  # where a fork server looks for what it loads beforehand
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    STRUCK.mkdir(parents=True, exist_ok=True)
    for file in () if given.go_on else STRUCK.glob(f"{given.driver}-*.jsonl"):
        file.unlink()
    until, of_database = time.time() + 60 * given.minutes, given.moments // 6
    shares = [(given.moments - of_database + i) // given.processes for i in range(given.processes)]
    jobs = [(share, given.driver, given.seed + i, False, until) for i, share in enumerate(shares)]
    jobs.append((of_database, given.driver, given.seed + given.processes, True, until))
    with ProcessPoolExecutor(len(jobs), mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in [pool.submit(struck, *job) for job in jobs]:
            future.result()
    moments = [one for file in sorted(STRUCK.glob(f"{given.driver}-*.jsonl")) for one in kept_moments(file)]
    if not moments:
        sys.exit("no moment began in time")
    earlier = (RESULTS / "chaos.md").read_text(encoding="utf-8") if (RESULTS / "chaos.md").exists() else ""
    others = [f"## {part.strip()}" for part in earlier.split("\n## ")[1:] if not part.startswith(given.driver)]
    command = "python benchmarks/chaos.py --moments 100 --driver inline`, then `--driver zenml` and `--driver pods"
    head, own = heading("Commands under chaos", command), section(moments, given.driver)
    write("chaos.md", "\n\n".join([head + WHAT, *sorted([own, *others])]))
    sys.exit(any(one.broken for one in moments))


if __name__ == "__main__":
    main()
