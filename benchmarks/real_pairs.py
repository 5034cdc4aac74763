"""What the gate is worth on real domain shifts: what it promotes, judged by rows that it never saw.

    python benchmarks/real_pairs.py run      # every pair with five seeds, in two processes, about half an hour
    python benchmarks/real_pairs.py table    # from what has been run so far

Half of each target, class by class, is held back as the truth. Of the other half k rows a class have labels to train with, half of
the rest are the gate's test rows (all of it where half would be fewer than the gate's 30), the others have no labels. Every policy
chooses among the same trained models; what it gains is its accuracy on the truth less that of scratch. ``run`` keeps one line a
result and leaves out what stands there already.
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
from race import Hits, race
from strategies_accuracy import accuracy, pair_name, read

OFFICE = ("amazon", "caltech", "dslr", "webcam")
HEART = ("cleveland", "hungarian", "switzerland", "va")
# Folder, source, target, labels a class. Left out are pairs that share rows or pupils (student mat and por, most moons). Of
# Switzerland's eight negatives four are held back, so it is a source only.
PAIRS = (
    *(("office_caltech_surf", a, b, 3) for a in OFFICE for b in OFFICE if a != b),
    ("digits", "mnist", "usps", 20),
    ("digits", "usps", "mnist", 20),
    ("coil20", "coil1", "coil2", 3),
    ("coil20", "coil2", "coil1", 3),
    ("wine_quality", "red", "white", 20),
    ("wine_quality", "white", "red", 20),
    *(("heart_disease", a, b, 10) for a in HEART for b in HEART if b not in (a, "switzerland")),
    ("student_performance", "por_gp", "por_ms", 10),
    ("student_performance", "por_ms", "por_gp", 10),
    ("mushroom", "enlarging", "tapering", 20),
    ("mushroom", "tapering", "enlarging", 20),
    *(("keystroke", "s1", f"s{i}", 10) for i in range(2, 9)),
    ("elec2", "t1", "t2", 20),
    ("elec2", "t1", "t3", 20),
    ("elec2", "t2", "t3", 20),
    ("nt_moons", "moon8", "moon0", 20),
    ("nt_moons", "moon9", "moon0", 20),
)
SEEDS = tuple(range(5))
MOST_ROWS = {"source": 4000, "test": 1000, "truth": 4000}
STRATEGIES = ("fine_tuning", "feature_extraction", "domain_adversarial", "pool")
POOL = {"kind": "instance_transfer", "weighting": "uniform", "start": "fresh"}  # source and target rows, all alike
POLICIES = {
    "ntgate": "the best arm on validation rows, if the gate promotes it; else scratch",
    "point comparison": "the best arm on validation rows, if it is not worse than scratch on the test rows; else scratch",
    "always the best arm": "the best arm on validation rows",
    "always fine-tune": "fine-tuning",
    "always pool": "one model of all rows, source and target alike",
    "always scratch": "scratch",
}


def parts(data: Path, pair: tuple[str, str, str, int], seed: int) -> tuple[Any, Any, Any]:
    """What an arm sees, the gate's test rows, and the truth."""
    import dataclasses

    from ntgate.data.align import align
    from ntgate.data.domain import TrainingView
    from ntgate.data.fingerprint import row_fingerprints
    from ntgate.gate.config import GateConfig

    folder, source_name, target_name, k = pair
    rng = np.random.default_rng(seed)
    source = read(data, folder, source_name)
    target = align(source, read(data, folder, target_name))
    target = target.take(np.flatnonzero(~np.isin(row_fingerprints(target), row_fingerprints(source))))  # a wine in both
    source = source.take(np.sort(rng.permutation(len(source))[: MOST_ROWS["source"]]))
    held, taken = max(1, round(k / 4)), {name: [] for name in ("train", "validation", "test", "truth", "unlabelled")}
    pools = []
    for code in range(len(target.classes)):
        rows = rng.permutation(np.flatnonzero(target.labels == code))
        pools.append((rows[: len(rows) // 2], rows[len(rows) // 2 :]))
    few = sum(len(pool[k:]) // 2 for _, pool in pools) < GateConfig().min_test_rows
    for truth, pool in pools:
        rest = pool[k:]
        tests = rest if few else rest[: len(rest) // 2]
        taken["truth"].append(truth[: MOST_ROWS["truth"] // len(target.classes)])
        taken["validation"].append(pool[:held])
        taken["train"].append(pool[held:k])
        taken["test"].append(tests[: MOST_ROWS["test"] // len(target.classes)])
        taken["unlabelled"].append(rest[len(tests) :])
    found = {name: target.take(np.sort(np.concatenate(index)), name) for name, index in taken.items()}
    unlabelled = dataclasses.replace(found["unlabelled"], y=None) if len(found["unlabelled"]) else None
    view = TrainingView(source, found["train"], found["validation"], unlabelled)
    return view, found["test"], found["truth"]


def scores(candidate: Any, rows: Any) -> np.ndarray:
    """Class scores ``(n, c)`` of a trained candidate."""
    return candidate.load().scores(rows.rows)


def run(data: Path, task: tuple[tuple[str, str, str, int], int]) -> dict[str, Any]:
    """Train every arm of one pair with one seed, ask the gate, and look at the truth."""
    import torch
    from pydantic import TypeAdapter

    from ntgate.data.leakage import find_leakage
    from ntgate.gate.config import GateConfig
    from ntgate.gate.decide import decide
    from ntgate.gate.evidence import Evidence
    from ntgate.gate.wear import unworn
    from ntgate.metrics.accuracy import Accuracy
    from ntgate.stages.scores import of_constant
    from ntgate.strategies import AnyStrategy
    from ntgate.strategies.base import Arm, Facts
    from ntgate.strategies.candidate import train
    from ntgate.strategies.scratch import Scratch
    from ntgate.training.config import TrainingConfig
    from ntgate.training.source import pretrain

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    began, (pair, seed) = time.perf_counter(), task
    view, test, truth = parts(data, pair, seed)
    training, gate = TrainingConfig(device="cpu"), GateConfig()
    with tempfile.TemporaryDirectory() as folder:
        targets = [view.train] + ([view.unlabelled] if view.unlabelled is not None else [])
        source = pretrain(view.source, targets, None, training, accuracy, seed, Path(folder) / "source.safetensors")

        def trained(name: str, repeat: int = 0) -> Any:
            strategy = Scratch() if name == "scratch" else TypeAdapter(AnyStrategy).validate_python(
                POOL if name == "pool" else {"kind": name}
            )  # fmt: skip
            if strategy.unsuitable(Facts.of(view)) is not None:
                return None
            seen[name, repeat] = Hits()
            arm = Arm(view, None if name == "scratch" else source, None, training, seen[name, repeat], seed + repeat)
            candidate = train(strategy, arm, Path(folder) / f"{name}-{repeat}")
            return candidate if candidate.failed is None else None

        seen: dict[tuple[str, int], Hits] = {}
        arms = {name: arm for name in ("scratch", *STRATEGIES) if (arm := trained(name)) is not None}
        chosen = max((name for name in arms if name != "scratch"), key=lambda name: arms[name].rank)
        on_test = {name: scores(arms[name], test) for name in (chosen, "scratch")}
        further = {
            name: np.stack([scores(trained(name, repeat), test) for repeat in range(1, gate.seeds)])
            for name in (chosen, "scratch")
        }
        decision = decide(
            Evidence(
                test.labels, on_test[chosen], on_test["scratch"],
                candidate_seeds=further[chosen], scratch_seeds=further["scratch"], allowance=unworn(len(test), gate.alpha),
                **of_constant(np.eye(len(test.classes))[code := int(np.bincount(view.train.labels).argmax())], test),
                constant_class=test.classes[code],
                leakage=find_leakage({"source": view.source, "train": view.train, "test": test}, "report", seed),
            ),
            gate, seed=seed,
        )  # fmt: skip
        right = {name: scores(arm, truth).argmax(axis=1) == truth.labels for name, arm in arms.items()}
    compared = [Accuracy().value(test.labels, on_test[name]) for name in (chosen, "scratch")]
    return {
        "pair": pair_name(pair),
        "seed": seed,
        "chosen": chosen,
        "outcome": decision.outcome,
        "compared": compared,
        "test_rows": len(test),
        "truth_rows": len(truth),
        "truth": {name: float(hits.mean()) for name, hits in right.items()},
        "error": {name: standard_error(hits, right["scratch"]) for name, hits in right.items()},
        "validation_rows": len(view.validation),
        "validation": {name: arm.rank for name, arm in arms.items()},
        "race": race({name: (arm, seen[name, 0]) for name, arm in arms.items() if name != "scratch"}),
        "seconds": round(time.perf_counter() - began, 1),
    }


def standard_error(first: np.ndarray, second: np.ndarray) -> float:
    """Of the difference of two accuracies on the same rows, each given as hits ``(n,)``."""
    difference = first.astype(float) - second
    return float(difference.std() / len(difference) ** 0.5)


def picked(record: dict[str, Any], policy: str) -> str:
    """The arm that a policy puts into production."""
    chosen, truth = record["chosen"], record["truth"]
    if policy == "ntgate":
        return chosen if record["outcome"] == "promoted" else "scratch"
    if policy == "point comparison":
        return chosen if record["compared"][0] >= record["compared"][1] else "scratch"
    arm = {"always the best arm": chosen, "always fine-tune": "fine_tuning", "always pool": "pool"}.get(
        policy, "scratch"
    )
    return arm if arm in truth else "scratch"  # where the arm does not apply


def policies(records: list[dict[str, Any]]) -> Iterator[str]:
    """One line a policy."""
    best = sum(max(r["truth"].values()) - r["truth"]["scratch"] for r in records)
    for policy, words in POLICIES.items():
        arms = [picked(record, policy) for record in records]
        gains = [r["truth"][arm] - r["truth"]["scratch"] for r, arm in zip(records, arms, strict=True)]
        errors = [r["error"][arm] for r, arm in zip(records, arms, strict=True)]
        moved = sum(arm != "scratch" for arm in arms)
        worse = sum(gain < 0 for gain in gains)
        surely = sum(gain < -1.645 * error for gain, error in zip(gains, errors, strict=True))
        regret = np.mean([max(r["truth"].values()) - r["truth"][arm] for r, arm in zip(records, arms, strict=True)])
        yield (
            f"| {policy} | {words} | {moved} | {worse} | {surely} | {100 * np.mean(gains):+.2f} "
            f"| {100 * min(gains):+.1f} | {100 * sum(gains) / best:.0f} % | {100 * regret:.2f} |"
        )


def raced(records: list[dict[str, Any]]) -> str:
    """What a race of the arms would have saved."""
    races = [record["race"] for record in records]
    steps, saved = sum(race["steps"] for race in races), sum(race["saved"] for race in races)
    wrong = sum(record["chosen"] in record["race"]["dropped"] for record in records)
    arms = sum(len(record["truth"]) - 1 for record in records)
    rows = sorted(record["validation_rows"] for record in records)
    dropped = sum(len(race["dropped"]) for race in races)
    return (
        "Successive halving with rungs at a quarter and half of the budget, an arm dropped where it is shown to be behind the "
        f"leader on the validation rows (`benchmarks/race.py`), would have dropped {dropped} of {arms} arms and saved "
        f"{100 * saved / steps:.1f} % of their steps; {wrong} times it would have dropped the arm that ended best. Early "
        f"stopping ends most arms before, and {rows[0]} to {rows[-1]} validation rows rarely show that an arm is behind."
    )


def pairs(records: list[dict[str, Any]]) -> Iterator[str]:
    """One line a pair."""
    for pair in dict.fromkeys(record["pair"] for record in records):
        of = [record for record in records if record["pair"] == pair]
        outcomes = [sum(r["outcome"] == outcome for r in of) for outcome in ("promoted", "inconclusive", "rejected")]
        gains = [100 * (r["truth"][r["chosen"]] - r["truth"]["scratch"]) for r in of]
        promoted = [gain for gain, r in zip(gains, of, strict=True) if r["outcome"] == "promoted"]
        scratch = 100 * np.mean([r["truth"]["scratch"] for r in of])
        yield (
            f"| {pair} | {of[0]['test_rows']} | {scratch:.1f} | {np.mean(gains):+.1f} | {min(gains):+.1f} | {max(gains):+.1f} "
            f"| {' / '.join(map(str, outcomes))} | {f'{min(promoted):+.1f}' if promoted else '-'} |"
        )


def table(records: list[dict[str, Any]]) -> str:
    """The page."""
    seconds = sum(record["seconds"] for record in records)
    lines = [
        heading("Real pairs", "python benchmarks/real_pairs.py run"),
        f"{len({r['pair'] for r in records})} pairs, {len({r['seed'] for r in records})} seeds, {len(records)} runs, "
        f"{seconds / 60:.0f} minutes of training on one core each. Points are of accuracy on the held-back half.",
        "",
        "## Policies",
        "",
        "*Moved*: runs in which something else than scratch went into production. *Worse*: of these, how many were below "
        "scratch on the truth, and how many by more than 1.645 standard errors of the truth. *Captured*: share of what the best "
        "arm in hindsight gains over scratch. *Regret*: mean distance to the best arm in hindsight.",
        "",
        "| policy | puts into production | moved | worse | surely worse | mean gain | worst | captured | regret |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *policies(records),
        "",
        "## A race would have saved little",
        "",
        raced(records),
        "",
        "## Pairs",
        "",
        "The true gain of the arm that was compared, over the seeds; outcomes are promoted / inconclusive / rejected.",
        "",
        "| pair | test rows | scratch | mean gain | least | most | outcomes | least gain promoted |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |",
        *pairs(records),
    ]
    return "\n".join(lines)


def recorded(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def main() -> None:
    """Parse the command and do it."""
    parser = argparse.ArgumentParser(description="The gate on real domain shifts.")
    parser.add_argument("command", nargs="?", default="run", choices=["run", "table"])
    parser.add_argument("--pairs", nargs="*", default=[], help="parts of the names of pairs; all when left out")
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--records", type=Path, default=Path("real_pairs.jsonl"), help="one line a result")
    asked = parser.parse_args()
    if asked.command == "run":
        done = {(record["pair"], record["seed"]) for record in recorded(asked.records)}
        wanted = [p for p in PAIRS if not asked.pairs or any(part in pair_name(p) for part in asked.pairs)]
        tasks = [(pair, seed) for seed in asked.seeds for pair in wanted if (pair_name(pair), seed) not in done]
        with ProcessPoolExecutor(asked.processes) as pool, asked.records.open("a", encoding="utf-8") as file:
            for record in pool.map(functools.partial(run, shared_data()), tasks):
                file.write(json.dumps(record) + "\n")
                file.flush()
                print(json.dumps(record), flush=True)
    write("real_pairs.md", table(recorded(asked.records)))


if __name__ == "__main__":
    main()
