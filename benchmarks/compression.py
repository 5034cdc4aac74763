"""What each compression costs and saves: size, latency and test accuracy before and after, and the gate's verdict.

The digits of ``end_to_end.py``: a source of 2,000 and a target of 200 labelled images of 16 x 16 pixels, 1,000 test rows.
One candidate a backbone is trained once; each compression starts from it. Latency is the median of 100 calls of
onnxruntime on one thread.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from end_to_end import prepare
from machine import heading, write

from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import compress
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.decide import decide_run
from ntgate.stages.drift_page import drift_of_run
from ntgate.stages.evaluate import evaluate
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place
from ntgate.stages.plan import make_plan
from ntgate.stages.replicate import Replicated
from ntgate.stages.source import source_model
from ntgate.stages.train import train_scratch, train_slot

METHODS = {
    "distillation, half the units": "distillation",
    "distillation, a quarter": "{kind: distillation, width: 0.25}",
    "distillation, half, no source rows": "{kind: distillation, source_rows: false}",
    "pruning, 50 % of the weights": "{kind: pruning, sparsity: 0.5}",
    "pruning, 90 %": "{kind: pruning, sparsity: 0.9}",
    "pruning, 90 %, one shot": "{kind: pruning, sparsity: 0.9, rounds: 1}",
    "pruning, 99 %": "{kind: pruning, sparsity: 0.99}",
    "pruning, half the units": "{kind: pruning, sparsity: 0.5, structured: true}",
    "pruning, three quarters of the units": "{kind: pruning, sparsity: 0.75, structured: true}",
    "quantisation, static": "quantisation",
    "quantisation, dynamic": "{kind: quantisation, mode: dynamic}",
    "half the units, then static int8": "[{kind: pruning, structured: true}, quantisation]",
}


def rows(file: Path, backbone: str) -> list[str]:
    """The table of one backbone."""
    common = [f"model.backbone={backbone}", "shift.evidently=false", "gate.seeds=1", "gate.ledger.policy=none"]
    plain = load(file, common)
    place = Place.of(plain)
    folder, ingested = place.folder, ingest(plain, place)
    source = source_model(plain, folder, ingested)
    drifted = drift_of_run(plain, folder, ingested, source)
    plan = make_plan(plain, ingested, drifted)
    scratch = train_scratch(plain, folder, ingested)
    slots = tuple(train_slot(plain, folder, ingested, source, plan, slot) for slot in range(len(plan.slots)))

    def judged(config: RunConfig):
        for left in (folder / "models").glob("*.checkpoint"):
            left.unlink()  # of the method before: each starts afresh
        compressed = compress(config, folder, ingested, slots)
        evaluated = evaluate(config, folder, ingested, ChampionSeen(), scratch, compressed, Replicated(), CrossFitted())
        return compressed, decide_run(config, folder, ingested, ChampionSeen(), drifted, evaluated).gate

    lines = []
    for name, method in METHODS.items():
        config = load(file, [*common, f"compression={method}"])
        compressed, gate = judged(config)
        before, after = compressed.smaller.before, compressed.smaller.after
        if not lines:
            lines.append(line(f"as trained ({compressed.candidate.strategy})", before, gate.uncompressed, 0.0))
        lines.append(line(name, after, gate, compressed.seconds))
    scored = f"Scratch scores {gate.scratch:.3f}."
    return [f"\n## {backbone}\n", scored + "\n", *HEAD, *lines]


HEAD = (
    "| candidate | kB | parameters | not zero | µs, 1 row | µs, 64 rows | test | change, 90 % interval | verdict | seconds |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |",
)


def line(name: str, cost, gate, seconds: float) -> str:
    """One row: the costs of a model and what the gate says of it."""
    change = "–"
    if gate.uncompressed is not None:
        text = next(finding.reason for finding in gate.findings if finding.rule == "compression")
        change = text.split(": ", 1)[1].split("]")[0].replace("interval ", "") + "]"
    return (
        f"| {name} | {cost.bytes / 1000:.1f} | {cost.parameters:,} | {cost.nonzero:.2f} | {cost.latency_1:.1f} | "
        f"{cost.latency_64:.0f} | {gate.candidate:.3f} | {change} | {gate.outcome} | {seconds:.1f} |"
    )


def main() -> None:
    """Measure and write the tables."""
    lines = [heading("Compression", "python benchmarks/compression.py")]
    with tempfile.TemporaryDirectory() as folder:
        file = prepare(Path(folder))
        for backbone in ("cnn", "mlp"):
            lines += rows(file, backbone)
    write("compression.md", "\n".join(lines))


if __name__ == "__main__":
    main()
