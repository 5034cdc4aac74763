"""What the training loop costs beside a plain PyTorch loop of the same model, batches, optimiser and number of steps.

The plain loop is what one writes by hand: index the batch, forward, cross-entropy, backward, clip, AdamW, a cosine schedule. Loops
take turns in one run, in an order that alternates, and the median of the ratios counts. Both evaluate as often, on the same
rows. Peers run in environments of their own under ``.bench/``, made on the first run.

What is added to the loss is measured in the same turns: seconds of a step against those of plain fine-tuning with the same network,
through the same loop. Methods that learn from further rows take 64 of them a step beside the 64 labelled ones, so the cost of the
second batch alone is a row of its own.

    python benchmarks/training_speed.py             # about seven minutes, and the installation of the peers
    python benchmarks/training_speed.py --no-peers
    python benchmarks/training_speed.py --no-peers --repeats 1 --part 0.02   # whether it works; writes nothing
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from machine import heading, peer_python, write
from plain_loop import accuracy, plain_loop
from torch import nn

from ntgate.training.adaptation import Adaptation, Pull, Seen
from ntgate.training.adversarial import Adversary
from ntgate.training.anchored import Anchored
from ntgate.training.config import Backbone, Cnn, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import Objective, fit
from ntgate.training.moment_pulls import Covariances, MeanEmbeddings
from ntgate.training.network import Network, build
from ntgate.training.reconstruction import Reconstruction
from ntgate.training.source_shares import SourceShares
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from ntgate.training.two_heads import TwoHeads

HERE = Path(__file__).resolve().parent
GOAL = 0.95
CASES: dict[str, tuple[Backbone, tuple[int, ...], int]] = {
    "MLP 16-256-128, tables": (Mlp(), (16,), 1500),
    "MLP 512-256-128, embeddings": (Mlp(), (512,), 800),
    "CNN, digits 16 x 16": (Cnn(), (16, 16), 200),
}
PEERS = {
    "Lightning Trainer": ("lightning", ["lightning==2.6.6"]),
    "Hugging Face Trainer": ("trainer", ["transformers==5.24.0", "accelerate==1.15.0"]),
}
BATCH, EVALUATIONS, ROWS, HELD = 64, 5, 3000, 256


def clock() -> float:
    """Seconds: of this process on a CPU, where others may be at work beside it; of the wall on a GPU."""
    if not torch.cuda.is_available():
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def data(shape: tuple[int, ...]) -> tuple[Rows, Rows]:
    """Rows with ten classes, as many to train on as a small target has."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS + HELD, *shape, generator=generator)
    y = torch.randint(0, 10, (ROWS + HELD,), generator=generator)
    return Rows(x[:ROWS], y[:ROWS]), Rows(x[ROWS:], y[ROWS:])


def ours(backbone: Backbone, shape: tuple[int, ...], steps: int, checkpoint: Path | None = None) -> float:
    rows, held = data(shape)
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=10), 0)
    config = TrainingConfig(batch_size=BATCH, evaluations=EVALUATIONS, patience=EVALUATIONS, precision="32-true")
    began = clock()
    fit(Supervised(network), {"labelled": rows}, held, metric=accuracy, config=config, steps=steps, seed=0, checkpoint=checkpoint)
    return clock() - began


def plain(backbone: Backbone, shape: tuple[int, ...], steps: int) -> float:
    rows, held = data(shape)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=10), 0)
    began = clock()
    plain_loop(network, rows, held, steps, BATCH, EVALUATIONS, device)
    return clock() - began


class Nothing(Pull):
    """No pull: what is left of the cost is that of the second batch."""

    def forward(self, source: Seen, target: Seen, weight: float) -> torch.Tensor:  # noqa: ARG002
        """Zero."""
        return target.features.sum() * 0.0


def anchored(**settings: float) -> Callable[[Network, int], Objective]:
    """Fine-tuning in two groups, as the strategy has them, with the given penalties."""
    return lambda network, _: Anchored(
        network, [(list(network.features.parameters()), 1.0), (list(network.head.parameters()), 1.0)], **settings
    )


def pulled(pull: Callable[[Network], Pull]) -> Callable[[Network, int], Objective]:
    return lambda network, _: Adaptation(network, pull(network), 1.0)


def adversary(conditional: bool) -> Callable[[Network], Pull]:
    return lambda network: Adversary(
        width=network.head.in_features,
        classes=network.head.out_features,
        hidden=128,
        seed=0,
        conditional=conditional,
        entropy_weights=conditional,
    )


def strong_adversary(network: Network) -> Pull:
    return Adversary(
        width=network.head.in_features, classes=network.head.out_features, hidden=256, layers=2, seed=0, class_weights=True
    )


# What is added, whether it takes the second stream ``source``, and how it is made of a network and a number of steps.
ADDED: dict[str, tuple[bool, Callable[[Network, int], Objective]]] = {
    "L2-SP": (False, anchored(anchor=0.1, head_decay=0.01)),
    "BSS": (False, anchored(shrinkage=1e-3)),
    "source shares (parameter transfer)": (
        False,
        lambda network, steps: SourceShares(network, build(network.spec, 1), start=0.9, rate=10.0, steps=steps),
    ),
    "a second batch, no pull": (True, pulled(lambda _: Nothing())),
    "multi-task, second stream": (True, lambda network, _: TwoHeads(network, nn.Linear(network.head.in_features, 10), 0.5)),
    "DANN": (True, pulled(adversary(False))),
    "CDAN+E": (True, pulled(adversary(True))),
    "IWDAN, strong discriminator": (True, pulled(strong_adversary)),
    "MMD (DAN)": (True, pulled(lambda _: MeanEmbeddings())),
    "Deep CORAL": (True, pulled(lambda _: Covariances())),
    "DRCN, reconstruction": (True, pulled(lambda network: Reconstruction(network, 256, 0, noise=0.5))),
}


def added_time(name: str, backbone: Backbone, shape: tuple[int, ...], steps: int) -> float:
    """Seconds of fine-tuning with something added; with ``""`` of plain supervised fine-tuning."""
    rows, held = data(shape)
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=10), 0)
    two, make = ADDED.get(name, (False, lambda network, _: Supervised(network)))
    objective = make(network, steps)
    streams = {"labelled": rows} | ({"source": data(shape)[0]} if two else {})
    config = TrainingConfig(batch_size=BATCH, evaluations=EVALUATIONS, patience=EVALUATIONS, precision="32-true")
    began = clock()
    fit(objective, streams, held, metric=accuracy, config=config, steps=steps, seed=0)
    return clock() - began


def overheads(repeats: int, part: float) -> list[str]:
    """A row for each thing that can be added, a column for each case: the ratio of seconds a step."""
    cells: dict[str, list[str]] = {name: [] for name in ADDED}
    for backbone, shape, whole in CASES.values():
        steps = max(2 * EVALUATIONS, int(whole * part))
        turns = []
        for turn in range(repeats + 1):  # the first is a warm-up
            names = ["", *ADDED]
            first = turn % len(names)
            turns.append({name: added_time(name, backbone, shape, steps) for name in names[first:] + names[:first]})
        for name in ADDED:
            cells[name].append(f"{statistics.median(turn[name] / turn[''] for turn in turns[1:]):.2f}")
        print("added:", ", ".join(f"{name} {row[-1]}" for name, row in cells.items()), flush=True)
    lines = [
        "",
        f"Seconds of a step over those of plain fine-tuning, same network and labelled batch, the median of {repeats} turns:\n",
    ]
    lines += ["| added | " + " | ".join(CASES) + " |", "| --- |" + " ---: |" * len(CASES)]
    return lines + [f"| {name} | " + " | ".join(row) + " |" for name, row in cells.items()]


def peer_times(name: str, repeats: int) -> dict[str, float]:
    """Seconds of a peer's trainer for each case, from its own environment; empty with a reason on the error stream."""
    home, packages = PEERS[name]
    python = peer_python(home, ["numpy", *packages])
    cases = {
        case: {"backbone": backbone.model_dump(mode="json"), "shape": shape, "steps": steps, "rows": ROWS, "batch": BATCH}
        for case, (backbone, shape, steps) in CASES.items()
    }
    done = subprocess.run(
        [python, HERE / "peers" / "training_peers.py", home, str(repeats), json.dumps(cases)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"{name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", type=float, default=1.0, help="of the steps; below 1 the table is printed and not written")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [heading("The speed of the training loop", "python benchmarks/training_speed.py")]
    lines += [
        f"Batches of {BATCH}, {options.threads} thread(s), {EVALUATIONS} evaluations on {HELD} rows. The median of "
        f"{options.repeats} turns, ratios within a turn; CPU seconds of the process where there is no GPU. With a checkpoint: "
        "written at each evaluation.\n",
        "| case | plain loop, rows/s | ntgate, rows/s | ntgate / plain | with a checkpoint / plain | goal | |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    reference = {}
    with tempfile.TemporaryDirectory() as folder:
        for case, (backbone, shape, whole) in CASES.items():
            steps = max(20, int(whole * options.part))
            plain(backbone, shape, max(20, steps // 5)), ours(backbone, shape, max(20, steps // 5))
            turns = []
            for turn in range(options.repeats):
                kept = Path(folder) / f"{case[:3]}{len(shape)}{shape[0]}-{turn}"
                work = [
                    lambda: plain(backbone, shape, steps),  # noqa: B023
                    lambda: ours(backbone, shape, steps),  # noqa: B023
                    lambda: ours(backbone, shape, steps, kept),  # noqa: B023
                ]
                first = turn % len(work)
                order = [*range(first, len(work)), *range(first)]
                seconds = {i: work[i]() for i in order}
                turns.append((seconds[0], seconds[1], seconds[2]))
            reference[case] = statistics.median(turn[0] for turn in turns)
            speeds = [steps * BATCH / statistics.median(turn[i] for turn in turns) for i in range(2)]
            ratio, kept_ratio = (statistics.median(turn[0] / turn[i] for turn in turns) for i in (1, 2))
            verdict = "met" if ratio >= GOAL else "MISSED"
            lines.append(
                f"| {case} | {speeds[0]:,.0f} | {speeds[1]:,.0f} | {ratio:.2f} | {kept_ratio:.2f} | >= {GOAL} | {verdict} |"
            )
            print(lines[-1], flush=True)
    lines += overheads(max(1, options.repeats // 2), options.part / 2)
    if not options.no_peers:
        lines += ["", "Peers, the same models and batches, no evaluation, against the plain loop of above:\n"]
        lines += ["| case | " + " | ".join(PEERS) + " |", "| --- |" + " ---: |" * len(PEERS)]
        times = {name: peer_times(name, 3) for name in PEERS}
        for case in CASES:
            cells = [f"{reference[case] / times[name][case]:.2f}" if case in times[name] else "-" for name in PEERS]
            lines.append(f"| {case} | " + " | ".join(cells) + " |")
    if options.part < 1:
        print("\n".join(lines))
        return
    write("training_speed.md", "\n".join(lines))


if __name__ == "__main__":
    main()
