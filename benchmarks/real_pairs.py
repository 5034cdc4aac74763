"""What the gate is worth on real domain shifts: what it promotes, judged by rows that it never saw.

    python benchmarks/real_pairs.py run                    # every pair with five seeds, in two processes, about an hour
    python benchmarks/real_pairs.py run --source shuffled  # ten pairs whose source labels mean nothing
    python benchmarks/real_pairs.py table                  # from what has been run so far

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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
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
SCRATCH = ("network", "logistic", "forest", "extra_trees", "boosting")
POOLS = ("linear_pool", "forest_pool", "extra_trees_pool", "boosting_pool")
SIMPLE = (*SCRATCH[1:], *POOLS)
SHORT = (0, 12, 14, 16, 18, 24, 28, 30, 38, 41)  # pairs of every kind, for sources whose labels mean nothing
POLICIES = {
    "network": "scratch: network",
    "logistic": "scratch: logistic regression",
    "forest": "scratch: random forest",
    "extra_trees": "scratch: extremely randomised trees",
    "boosting": "scratch: gradient boosting, or the committee where it steps aside",
    "scratch": "scratch: the committee of these",
    "fine_tuning": "always fine-tune",
    "feature_extraction": "always feature extraction",
    "domain_adversarial": "always DANN",
    **{kind: f"always {kind.replace('_', ' ')}" for kind in POOLS},
    "best by accuracy": "best arm on rows held out, by accuracy",
    "best by loss": "best arm on rows held out, by loss",
    "mean of networks": "plain mean of the networks that use the source",
    "mean of pools": "plain mean of the pools",
    "mean of transfer": "plain mean of all arms that use the source",
    "mean of all": "plain mean of all arms, scratch's included",
    "committee": "**the candidate**: the committee, ungated",
    "point comparison": "the committee, if it is not worse than scratch on the test rows; else scratch",
    "ntgate": "**ntgate**: the committee, if the gate promotes it; else scratch",
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


def run(data: Path, source: str, task: tuple[tuple[str, str, str, int], int]) -> dict[str, Any]:
    """Train every arm of one pair with one seed, put them together, ask the gate, and look at the truth."""
    import torch

    from ntgate.gate.config import GateConfig
    from ntgate.strategies import DEFAULT
    from ntgate.strategies.base import Arm, Facts
    from ntgate.strategies.candidate import Candidate, train
    from ntgate.strategies.committee import again, committee, with_a_say
    from ntgate.strategies.committee_config import CommitteeConfig
    from ntgate.strategies.scratch import PORTFOLIO
    from ntgate.training.config import TrainingConfig
    from ntgate.training.source import pretrain

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    began, (pair, seed) = time.perf_counter(), task
    view, test, truth = parts(data, pair, seed)
    view = replace(view, source=relabelled(view.source, source, seed))
    training, gate, labels = TrainingConfig(device="cpu"), GateConfig(), view.labelled.labels
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        targets = [view.train] + ([view.unlabelled] if view.unlabelled is not None else [])
        pretrained = pretrain(view.source, targets, None, training, accuracy, seed, folder / "source.safetensors")
        kinds = {strategy.kind: strategy for strategy in (*DEFAULT, *PORTFOLIO)}
        alone = {strategy.kind for strategy in PORTFOLIO}

        def trained(kind: str, repeat: int = 0, until: int | None = None) -> Candidate:
            given = None if kind in alone else pretrained
            arm = Arm(view, given, None, training, accuracy, seed + repeat, until=until)
            to = folder / str(repeat)
            to.mkdir(exist_ok=True)
            return train(kinds[kind], arm, to)

        def retrained(made: Candidate, known: dict[str, Candidate], repeat: int) -> Candidate:
            for arm in with_a_say(made):
                if arm.strategy not in known:
                    known[arm.strategy] = trained(arm.strategy, repeat, arm.until)
            return again(made, [known[arm.strategy] for arm in with_a_say(made)])

        facts = Facts.of(view)
        arms = {kind: trained(kind) for kind in kinds if kinds[kind].unsuitable(facts) is None}
        arms = {kind: arm for kind, arm in arms.items() if arm.failed is None}
        config = CommitteeConfig()
        learners = [arm for kind, arm in arms.items() if kind in alone]
        scratch = committee("scratch", learners, labels, config, accuracy, folder)
        made = committee("committee", [*arms.values()], labels, config, accuracy, folder, baseline=scratch)
        repeats = [{} for _ in range(1, gate.seeds)]
        seeds = [(retrained(made, known, i), retrained(scratch, known, i)) for i, known in enumerate(repeats, start=1)]
        everything = {**arms, "scratch": scratch, "committee": made}
        on_test = {kind: arm.load().scores(test.rows) for kind, arm in everything.items()}
        further = [np.stack([pair[i].load().scores(test.rows) for pair in seeds]) for i in range(2)]
        decision, asked = judged(view, test, on_test, further, alone & set(arms), gate, seed)
        on_truth = {kind: arm.load().scores(truth.rows) for kind, arm in everything.items()}
    on_truth |= means(on_truth, alone)
    right = {kind: found.argmax(axis=1) == truth.labels for kind, found in on_truth.items()}
    code = int(np.bincount(labels).argmax())
    right["constant"] = truth.labels == code
    return {
        "pair": pair_name(pair),
        "seed": seed,
        "outcome": decision.outcome,
        "failed": [f"{finding.rule}: {finding.outcome}" for finding in decision.findings if finding.outcome != "pass"],
        "asked": asked,
        "compared": [decision.candidate, decision.scratch],
        "test_rows": len(test),
        "truth_rows": len(truth),
        "labels": len(labels),
        "truth": {kind: round(float(hits.mean()), 5) for kind, hits in right.items()},
        "error": {kind: round(standard_error(right["committee"], hits), 5) for kind, hits in right.items()},
        "held": {kind: [arm.validation, arm.validation_loss] for kind, arm in arms.items()},
        "notes": made.notes,
        "seconds": {**{kind: round(arm.seconds, 2) for kind, arm in arms.items()}, "all": round(time.perf_counter() - began, 1)},
    }


def relabelled(source: Any, how: str, seed: int) -> Any:
    """The source with its labels as they are, ``shuffled``, or all ``constant``."""
    if how == "true":
        return source
    rng = np.random.default_rng(10_000 + seed)
    labels = rng.permutation(source.labels) if how == "shuffled" else np.full_like(source.labels, source.labels[0])
    return replace(source, y=labels)


def means(scores: dict[str, np.ndarray], alone: set[str]) -> dict[str, np.ndarray]:
    """Plain means of arms' scores: of all, of those that use the source, of the networks among these, of scratch's learners."""
    single = {kind: held for kind, held in scores.items() if kind not in ("scratch", "committee")}
    transfer = {kind: held for kind, held in single.items() if kind not in alone}
    networks = {kind: held for kind, held in transfer.items() if not kind.endswith("_pool")}
    simple = {kind: held for kind, held in transfer.items() if kind.endswith("_pool")}
    groups = {"all": single, "transfer": transfer, "networks": networks, "pools": simple}
    return {f"mean of {name}": np.mean([*group.values()], axis=0) for name, group in groups.items() if group}


def judged(
    view: Any, test: Any, scores: dict[str, np.ndarray], further: list[np.ndarray], alone: set[str], gate: Any, seed: int
) -> tuple[Any, dict[str, Any]]:
    """The gate's decision, and what it takes to say what it would be if scratch's learners were opponents in another way."""
    from ntgate.data.leakage import find_leakage
    from ntgate.gate.comparison import Case
    from ntgate.gate.decide import decide
    from ntgate.gate.evidence import Evidence
    from ntgate.gate.wear import unworn
    from ntgate.stages.scores import of_constant

    code = int(np.bincount(view.labelled.labels).argmax())
    evidence = Evidence(
        test.labels,
        scores["committee"],
        scores["scratch"],
        candidate_seeds=further[0],
        scratch_seeds=further[1],
        allowance=unworn(len(test), gate.alpha),
        learners={kind: scores[kind] for kind in sorted(alone)},
        **of_constant(np.eye(len(test.classes))[code], test),
        constant_class=test.classes[code],
        swapped_labels=(),
        leakage=find_leakage({"source": view.source, "train": view.labelled, "test": test}, "report", seed),
    )
    decision, case = decide(evidence, gate, seed=seed), Case(evidence, gate, seed)
    others = {finding.outcome for finding in decision.findings if finding.rule != "target_learners"}
    over = {kind: case.between("candidate", kind, 0.0) for kind in sorted(alone)}
    asked = {"others pass": others == {"pass"}, "over": {kind: [found.gain, found.p_value] for kind, found in over.items()}}
    asked["shown better"] = [kind for kind, found in case.learners_over.items() if found.gain > 0 and found.p_value <= gate.alpha]
    return decision, asked


LEVELS = (0.5, 0.3, 0.2, 0.1, 0.05)  # at which each learner has to be beaten
GATES = {
    "scratch's committee alone": lambda _: True,
    "and no learner shown to be better": lambda asked: not asked["shown better"],
    "and no learner better on the test rows": lambda asked: all(gain >= 0 for gain, _ in asked["over"].values()),
    **{
        f"and every learner, shown at {level:g}": lambda asked, level=level: all(p <= level for _, p in asked["over"].values())
        for level in LEVELS
    },
}


def outcome(record: dict[str, Any]) -> str:
    """The verdict at the level that is asked of learners now: of records older than that, from the p-values that they hold."""
    from ntgate.gate.config import GateConfig

    asked, level = record["asked"], GateConfig().learner_alpha
    if record["outcome"] == "rejected" or level is None:
        return str(record["outcome"])
    return "promoted" if asked["others pass"] and all(p <= level for _, p in asked["over"].values()) else "inconclusive"


def standard_error(first: np.ndarray, second: np.ndarray) -> float:
    """Of the difference of two accuracies on the same rows, each given as hits ``(n,)``."""
    difference = first.astype(float) - second
    return float(difference.std() / len(difference) ** 0.5)


def picked(record: dict[str, Any], policy: str) -> str:
    """The model that a policy puts into production."""
    truth, held = record["truth"], record["held"]
    if policy == "ntgate":
        return "committee" if outcome(record) == "promoted" else "scratch"
    if policy == "point comparison":
        return "committee" if record["compared"][0] >= record["compared"][1] else "scratch"
    if policy == "best by accuracy":
        return max(held, key=lambda kind: (held[kind][0], -held[kind][1]))
    if policy == "best by loss":
        return min(held, key=lambda kind: held[kind][1])
    return policy if policy in truth else "scratch"  # where the arm does not apply


def policies(records: list[dict[str, Any]]) -> Iterator[str]:
    """One line a policy."""
    for policy, words in POLICIES.items():
        arms = [picked(record, policy) for record in records]
        accuracies = [r["truth"][arm] for r, arm in zip(records, arms, strict=True)]
        regret = np.mean([best_arm(r) - value for r, value in zip(records, accuracies, strict=True)])
        moved = sum(arm != "scratch" for arm in arms)
        worse = sum(value < alone(r)[0] for r, value, arm in zip(records, accuracies, arms, strict=True) if arm != "scratch")
        yield f"| {words} | {100 * np.mean(accuracies):.1f} | {100 * regret:.1f} | {moved} | {worse} |"
    hindsight = [f"{100 * np.mean([best_arm(r) for r in records]):.1f}", "0.0", "-", "-"]
    yield f"| best single arm in hindsight | {' | '.join(hindsight)} |"


def best_arm(record: dict[str, Any]) -> float:
    """The truth's accuracy of the best single arm."""
    return max(record["truth"][kind] for kind in record["held"])


def alone(record: dict[str, Any]) -> tuple[float, str]:
    """The truth's accuracy of the best learner of the target alone, and its name."""
    return max((record["truth"][kind], kind) for kind in SCRATCH if kind in record["truth"])


def gates(records: list[dict[str, Any]]) -> Iterator[str]:
    """One line a way of asking about scratch's learners."""
    for name, passes in GATES.items():
        promoted = [record for record in records if record["asked"]["others pass"] and passes(record["asked"])]
        taken = {id(record) for record in promoted}
        behind = [(alone(r)[0] - r["truth"]["committee"], r["error"][alone(r)[1]]) for r in promoted]
        production = [r["truth"]["committee" if id(r) in taken else "scratch"] for r in records]
        worse = sum(gap > 0 for gap, _ in behind)
        surely = sum(gap > 1.645 * error for gap, error in behind)
        share = 100 * worse / max(1, len(promoted))
        yield (
            f"| {name} | {100 * np.mean(production):.1f} | {len(promoted)} | {worse} ({share:.0f} %) | {surely} "
            f"| {sum(r['truth']['committee'] < r['truth']['scratch'] for r in promoted)} |"
        )


def pairs(records: list[dict[str, Any]]) -> Iterator[str]:
    """One line a pair."""
    for pair in dict.fromkeys(record["pair"] for record in records):
        of = [record for record in records if record["pair"] == pair]
        outcomes = [sum(outcome(r) == verdict for r in of) for verdict in ("promoted", "inconclusive", "rejected")]
        columns = [np.mean([r["truth"][name] for r in of]) for name in ("constant", "scratch", "committee")]
        strongest = np.mean([max(r["truth"][kind] for kind in SIMPLE if kind in r["truth"]) for r in of])
        values = [*columns[:2], np.mean([alone(r)[0] for r in of]), strongest, columns[2]]
        yield (
            f"| {pair} | {of[0]['labels']} | {of[0]['test_rows']} | {' | '.join(f'{100 * value:.1f}' for value in values)} "
            f"| {' / '.join(map(str, outcomes))} |"
        )


def table(records: list[dict[str, Any]], source: str) -> str:
    """The page."""
    seconds = sum(record["seconds"]["all"] for record in records)
    two = [record for record in records if record["seed"] < 2]
    how = "" if source == "true" else f" --source {source}"
    lines = [
        heading(
            "Real pairs" if source == "true" else f"Real pairs, source labels {source}", f"python benchmarks/real_pairs.py run{how}"
        ),
        f"{len({r['pair'] for r in records})} pairs, {len({r['seed'] for r in records})} seeds, {len(records)} runs, "
        f"{seconds / 60:.0f} minutes on one core each. Accuracy, in points, on the held-back half. "
        "Verdicts are those at the level of `gate.learner_alpha` now, from the p-values that each run left.",
        "",
        "## Policies",
        "",
        "What each puts into production. *Regret*: mean distance to the best single arm in hindsight. *Moved*: runs in which it is "
        "not scratch. *Worse*: how many of these are below the best single learner of the target alone.",
        "",
        "| policy | mean | regret | moved | worse |",
        "| --- | ---: | ---: | ---: | ---: |",
        *policies(records),
        "",
        f"On seeds 0 and 1 alone the committee has {100 * np.mean([r['truth']['committee'] for r in two]):.1f}, "
        f"the gate's choice {100 * np.mean([r['truth'][picked(r, 'ntgate')] for r in two]):.1f}.",
        "",
        "## What the gate asks of scratch's learners",
        "",
        "*Behind*: promoted models that some single learner of the target alone beats on the truth; *surely*: by more than 1.645 "
        "standard errors. *Below scratch*: promoted models below scratch's committee on the truth.",
        "",
        "| promoted where it beats | in production | promoted | behind | surely | below scratch |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *gates(records),
        "",
        "## Pairs",
        "",
        "*Alone*: the best single learner of the target alone in hindsight. *Strongest simple*: the best single simple model, with "
        "the source or without, in hindsight. Outcomes are promoted / inconclusive / rejected.",
        "",
        "| pair | labels | test rows | constant | scratch | alone | strongest simple | committee | outcomes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
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
    parser.add_argument("--records", type=Path, help="one line a result; by default real_pairs.jsonl")
    parser.add_argument("--source", choices=["true", "shuffled", "constant"], default="true", help="the source's labels")
    asked = parser.parse_args()
    suffix = "" if asked.source == "true" else f"_{asked.source}"
    records = asked.records or Path(f"real_pairs{suffix}.jsonl")
    if asked.command == "run":
        done = {(record["pair"], record["seed"]) for record in recorded(records)}
        wanted = PAIRS if asked.source == "true" else [PAIRS[i] for i in SHORT]
        wanted = [p for p in wanted if not asked.pairs or any(part in pair_name(p) for part in asked.pairs)]
        tasks = [(pair, seed) for seed in asked.seeds for pair in wanted if (pair_name(pair), seed) not in done]
        work = functools.partial(run, shared_data(), asked.source)
        with ProcessPoolExecutor(asked.processes) as pool, records.open("a", encoding="utf-8") as file:
            for record in pool.map(work, tasks):
                file.write(json.dumps(record) + "\n")
                file.flush()
                print(json.dumps(record), flush=True)
    write(f"real_pairs{suffix}.md", table(recorded(records), asked.source))


if __name__ == "__main__":
    main()
