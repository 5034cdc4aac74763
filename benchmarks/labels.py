"""What labels of disagreeing rows are worth: a verdict with few of them, beside that of random test rows.

    python benchmarks/labels.py run     # 43 real pairs, two seeds, learners of scikit-learn, one process; some minutes
    python benchmarks/labels.py level   # false promotions under looks and bets, by simulation
    python benchmarks/labels.py table   # from what has been run so far

The targets are divided as in ``real_pairs.py``; candidate and scratch are committees of logistic regression and extra trees, with
pools of source and target and without. Half of the truth is the pool, without its labels; the other half says whether a promotion
was right. The gate asks one question here, whether the candidate beats scratch: on the test rows by its own test, and by labels
of the pool's disagreeing rows in a random order.
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
from real_pairs import PAIRS, parts
from strategies_accuracy import accuracy, pair_name

SEEDS = (0, 1)
RECORDS = Path(__file__).resolve().parents[1] / ".bench" / "labels.jsonl"
ALPHA, WANTED = 0.05, 0.02
TWENTY = 20  # orders of the pool a pair: what one order gives is a matter of chance
POLICIES = {
    "1": "deciding, one look",
    "5": "deciding, five looks",
    "as they come": "deciding, as they come",
    "bets": "deciding, a bet each",
}
LARGER = (2, 4, 8)  # times as many rows in the pool
ALONE, POOLS = ("logistic", "extra_trees"), ("linear_pool", "extra_trees_pool")


def run(data: Path, task: tuple[tuple[str, str, str, int], int]) -> dict[str, Any]:
    """What candidate and scratch get right on the test rows and on the truth, of one pair with one seed."""
    from ntgate.strategies import DEFAULT
    from ntgate.strategies.base import Arm
    from ntgate.strategies.candidate import train
    from ntgate.strategies.committee import committee
    from ntgate.strategies.committee_config import CommitteeConfig
    from ntgate.strategies.scratch import PORTFOLIO
    from ntgate.training.config import TrainingConfig

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    pair, seed = task
    view, test, truth = parts(data, pair, seed)
    view = replace(view, source=view.source.take(np.random.default_rng(seed).permutation(len(view.source))[:2000]))
    kinds = {one.kind: one for one in (*DEFAULT, *PORTFOLIO)}
    training, labels, config = TrainingConfig(device="cpu"), view.labelled.labels, CommitteeConfig()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {kind: train(kinds[kind], Arm(view, None, None, training, accuracy, seed), folder) for kind in (*ALONE, *POOLS)}
        good = {kind: arm for kind, arm in made.items() if arm.failed is None}
        learners = [arm for kind, arm in good.items() if kind in ALONE]
        scratch = committee("scratch", learners, labels, config, accuracy, folder)
        candidate = committee("committee", [*good.values()], labels, config, accuracy, folder, baseline=scratch)
        said = {rows.name: [arm.load().scores(rows.rows).argmax(axis=1) for arm in (candidate, scratch)] for rows in (test, truth)}
    return {
        "pair": pair_name(pair),
        "seed": seed,
        **{
            name: {
                "differ": (said[name][0] != said[name][1]).astype(int).tolist(),
                "signs": ((said[name][0] == rows.labels).astype(int) - (said[name][1] == rows.labels).astype(int)).tolist(),
            }
            for name, rows in (("test", test), ("truth", truth))
        },
    }


def of_random_rows(signs: np.ndarray) -> str:
    """The gate's own test, all rows labelled."""
    from ntgate.evaluation.unconditional import mcnemar_unconditional

    gained, lost, n = int((signs > 0).sum()), int((signs < 0).sum()), len(signs)
    if mcnemar_unconditional(gained, lost, n) <= ALPHA:
        return "pass"
    return "fail" if mcnemar_unconditional(lost, gained, n) <= ALPHA else "inconclusive"


def most_powerful(gained: int, lost: int) -> float:
    """How likely the most powerful test of its level passes: the sign test that draws lots at its bound."""
    from scipy.stats import binom

    from ntgate.evaluation.sign_test import bounds

    m = gained + lost
    (bound,) = bounds([m], [ALPHA])
    if gained != bound - 1:
        return float(gained >= bound)
    return float((ALPHA - binom.sf(bound - 1, m, 0.5)) / binom.pmf(bound - 1, m, 0.5))


def asked(signs: np.ndarray, differ: int, n: int, policy: str) -> Any:
    """The verdict on labels of disagreeing rows."""
    from ntgate.evaluation.sign_test import look_positions, positions_of_all, spent_as_they_come, spent_by
    from ntgate.gate.on_labels import Answered

    budget = len(signs)
    if policy == "as they come":
        positions = tuple(at for at in positions_of_all(budget, differ) if at <= budget)
        return Answered(signs, budget, (differ, n), positions, spent_as_they_come(positions, budget, differ, ALPHA), ALPHA)
    if policy == "bets":
        return Answered(signs, budget, (differ, n), tuple(range(1, budget + 1)), None, ALPHA)
    positions = look_positions(budget, int(policy))
    return Answered(signs, budget, (differ, n), positions, spent_by(positions, budget, ALPHA), ALPHA)


def compared(record: dict[str, Any]) -> dict[str, Any]:
    """What random and deciding labels make of one pair, on average over orders of the pool."""
    rng = np.random.default_rng(record["seed"])
    signs, differ = (np.array(record["truth"][name]) for name in ("signs", "differ"))
    order = rng.permutation(len(signs))
    pool, rest = order[: len(order) // 2], order[len(order) // 2 :]
    deciding, n = pool[differ[pool] == 1], len(pool)
    test = np.array(record["test"]["signs"])
    found: dict[str, Any] = {
        "gain": float(signs[rest].mean()),
        "pool": n,
        "deciding": len(deciding),
        "test_rows": len(test),
        "on the test rows": of_random_rows(test),
        "on the whole pool": of_random_rows(signs[pool]),
        "shown by the other half": of_random_rows(signs[rest]) == "pass",
        "most powerful": most_powerful(int((signs[deciding] > 0).sum()), int((signs[deciding] < 0).sum())),
        "larger": {times: _larger(signs, differ, times * n, len(test), rng) for times in LARGER},
    }
    for policy in POLICIES:
        ends, few = [], []
        for _ in range(TWENTY):
            mixed = signs[rng.permutation(deciding)]
            ends.append(_end(mixed, len(deciding), n, policy))
            few.append(_end(mixed[: len(test)], len(deciding), n, policy))
        found[policy] = {
            "labels": float(np.median([labels for labels, _ in ends])),
            "same": float(np.mean([outcome == found["on the whole pool"] for _, outcome in ends])),
            "promoted": float(np.mean([outcome == "pass" for _, outcome in few])),
            "spent": float(np.mean([labels for labels, _ in few])),
        }
    return found


def _larger(signs: np.ndarray, differ: np.ndarray, n: int, labels: int, rng: np.random.Generator) -> float:
    """How often one look passes that has as many ``labels`` as there were test rows, of a pool of ``n`` rows like these."""
    passed = 0
    for _ in range(TWENTY):
        drawn = rng.integers(0, len(signs), n)
        deciding = drawn[differ[drawn] == 1]
        passed += _end(signs[deciding[:labels]], len(deciding), n, "1")[1] == "pass"
    return passed / TWENTY


def _end(signs: np.ndarray, differ: int, n: int, policy: str) -> tuple[int, str]:
    if not len(signs):
        return 0, "inconclusive"
    stop = asked(signs, differ, n, policy).stop
    return (stop[0], stop[1]) if stop[1] != "inconclusive" else (len(signs), stop[1])


def table(records: list[dict[str, Any]]) -> Iterator[str]:
    """The goals, a line a policy."""
    found = [compared(record) for record in records]
    better = [one for one in found if one["gain"] > WANTED]
    shown = [one for one in better if one["shown by the other half"]]
    cost, size = (np.mean([one[key] for one in better]) for key in ("test_rows", "pool"))

    def promoted(of: Callable[[dict[str, Any]], float]) -> str:
        return " | ".join(f"{100 * np.mean([of(one) for one in group]):.0f} %" for group in (better, shown))

    yield (
        f"| labels | median share of the pool's labels | same decision as all of them | promoted of {len(better)} gains above 2 "
        f"points | of the {len(shown)} that the other half shows too | worse |"
    )
    yield "| --- | --- | --- | --- | --- | --- |"
    worse = sum(one["gain"] < 0 for one in found if one["on the test rows"] == "pass")
    yield f"| random test rows, {cost:.0f} a run | - | - | {promoted(lambda one: one['on the test rows'] == 'pass')} | {worse} |"
    yield (
        f"| random, all rows of the pool, {size:.0f} a run | 1 | 100 % "
        f"| {promoted(lambda one: one['on the whole pool'] == 'pass')} | - |"
    )
    yield f"| the most powerful test of the level, on the same rows | 1 | - | {promoted(lambda one: one['most powerful'])} | - |"
    for policy, words in POLICIES.items():
        share = np.median([one[policy]["labels"] / one["pool"] for one in found])
        same = np.mean([one[policy]["same"] for one in found])
        spent = np.mean([one[policy]["spent"] for one in better])
        worse = sum(one[policy]["promoted"] for one in found if one["gain"] < 0)
        yield (
            f"| {words}, {spent:.0f} a run | {share:.3f} | {100 * same:.1f} % | {promoted(lambda one: one[policy]['promoted'])} "  # noqa: B023
            f"| {worse:.1f} |"
        )
    either = promoted(lambda one: max(one["on the test rows"] == "pass", one["1"]["promoted"]))
    yield f"| test rows, then deciding labels where these are inconclusive | - | - | {either} | - |"
    for times in LARGER:
        told = promoted(lambda one: one["larger"][times])  # noqa: B023
        yield f"| deciding, one look, at most as many labels as test rows, of a pool {times} times as large | - | - | {told} | - |"


_WHY = """
Four gains in five (the goal) are out of reach of any test on these pools, which are half of the truth: the most powerful one of the
level, which draws lots at its bound, has the share of the third line with all of their labels. They are used up after a quarter of
what the test rows cost. What is missing is rows on which the models differ: a larger pool, drawn with replacement from the truth,
has them, at no more labels.
"""


def level(runs: int = 10_000) -> Iterator[str]:
    """How often a candidate that is as good as scratch is promoted, by policy, budget and share of rows that both get wrong."""
    rng = np.random.default_rng(0)
    yield "| labels | both wrong | one look | 5 looks | 20 looks | as they come | bets |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for budget in (20, 60, 200):
        for tied in (0.0, 0.3):
            cells = []
            for policy in ("1", "5", "20", "as they come", "bets"):
                many = runs if policy == "bets" else runs // 20
                passed = 0.0
                for _ in range(many):
                    differ = max(1, rng.binomial(10 * budget, 0.1))  # the pool has 10 times as many rows
                    signs = rng.choice([1, 0, -1], differ, p=[(1 - tied) / 2, tied, (1 - tied) / 2])
                    passed += (asked(signs, differ, 10 * budget, policy).shown_after is not None) / many
                cells.append(f"{100 * passed:.2f} ± {100 * (passed * (1 - passed) / many) ** 0.5:.2f}")
            yield f"| {budget} | {100 * tied:.0f} % | {' | '.join(f'{cell} %' for cell in cells)} |"


def main() -> None:
    """Run, or write what has been run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "level", "table"])
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    RECORDS.parent.mkdir(exist_ok=True)
    kept = [json.loads(line) for line in RECORDS.read_text().splitlines()] if RECORDS.exists() else []
    if given.what == "run":
        done = {(record["pair"], record["seed"]) for record in kept}
        tasks = [(pair, seed) for seed in SEEDS for pair in PAIRS if (pair_name(pair), seed) not in done]
        with ProcessPoolExecutor(given.workers) as pool, RECORDS.open("a") as file:
            for record in pool.map(functools.partial(run, shared_data()), tasks):
                file.write(json.dumps(record) + "\n")
                file.flush()
                print(record["pair"], record["seed"], flush=True)
    elif given.what == "level":
        (RECORDS.parent / "labels_level.md").write_text("\n".join(level()) + "\n")
    else:
        levels = RECORDS.parent / "labels_level.md"
        text = [heading("Labels that decide", "python benchmarks/labels.py run, level, table"), *_words(kept), *table(kept)]
        text += _WHY.splitlines()
        text += (
            ["", "False promotions of a candidate that is exactly as good, at alpha 5 %:", "", levels.read_text()]
            if levels.exists()
            else []
        )
        write("labels.md", "\n".join(text))


def _words(records: list[dict[str, Any]]) -> list[str]:
    found = [compared(record) for record in records]
    share = np.median([one["deciding"] / one["pool"] for one in found])
    sizes, pairs = [one["pool"] for one in found], {record["pair"] for record in records}
    return [
        f"{len(records)} runs on {len(pairs)} real pairs, two seeds each; pools of {min(sizes)} to {max(sizes)} rows, of which "
        f"candidate and scratch disagree on {100 * share:.1f} % (median). The second and third column label as many disagreeing "
        "rows as it takes, at most all of them, and compare with the verdict of all rows of the pool; the fourth has as many "
        "labels as the test rows cost; *worse* counts promotions (expected number) whose gain is negative on the held-back half.",
        "",
    ]


if __name__ == "__main__":
    main()
