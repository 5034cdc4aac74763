"""What the training loop costs beside a plain PyTorch loop of the same model, batches, optimiser and number of steps.

The plain loop is what one writes by hand: index the batch, forward, cross-entropy, backward, clip, AdamW, a cosine schedule. Loops
take turns in one run, in an order that alternates, and the median of the ratios counts. Both evaluate as often, on the same
rows. Peers run in environments of their own under ``.bench/``, made on the first run.

    python benchmarks/training_speed.py             # about three minutes, and the installation of the peers
    python benchmarks/training_speed.py --no-peers
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import heading, peer_python, write
from torch import nn

from ntgate.training.config import Backbone, Cnn, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised

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


def accuracy(labels: torch.Tensor, scores: torch.Tensor) -> float:
    return float((scores.argmax(dim=1) == labels).float().mean())


def ours(backbone: Backbone, shape: tuple[int, ...], steps: int, checkpoint: Path | None = None) -> float:
    rows, held = data(shape)
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=10), 0)
    config = TrainingConfig(batch_size=BATCH, evaluations=EVALUATIONS, patience=EVALUATIONS, precision="32-true")
    began = clock()
    fit(
        Supervised(network), {"labelled": rows}, held, metric=accuracy, config=config, steps=steps, seed=0,
        checkpoint=checkpoint,
    )  # fmt: skip
    return clock() - began


def plain(backbone: Backbone, shape: tuple[int, ...], steps: int) -> float:
    rows, held = data(shape)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=10), 0)
    began = clock()
    network.to(device=device, memory_format=torch.channels_last)
    x, y, held_x, held_y = (part.to(device) for part in (rows.x, rows.y, held.x, held.y))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    warm_up = steps // 20
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1)))
    )
    network.train()
    order = torch.randperm(len(x), device=device)
    at = 0
    for step in range(1, steps + 1):
        if at + BATCH > len(x):
            order, at = torch.randperm(len(x), device=device), 0
        index = order[at : at + BATCH]
        at += BATCH
        loss = nn.functional.cross_entropy(network(x[index]), y[index])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % (steps // EVALUATIONS) == 0:
            network.eval()
            with torch.inference_mode():
                accuracy(held_y.cpu(), network(held_x).softmax(dim=1).cpu())
            network.train()
    return clock() - began


def peer_times(name: str, repeats: int) -> dict[str, float]:
    """Seconds of a peer's trainer for each case, from its own environment; empty with a reason on the error stream."""
    home, packages = PEERS[name]
    python = peer_python(home, ["numpy", *packages])
    cases = {
        case: {
            "backbone": backbone.model_dump(mode="json"),
            "shape": shape,
            "steps": steps,
            "rows": ROWS,
            "batch": BATCH,
        }
        for case, (backbone, shape, steps) in CASES.items()
    }
    done = subprocess.run(
        [python, HERE / "peers" / "training_peers.py", home, str(repeats), json.dumps(cases)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
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
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [heading("The speed of the training loop", "python benchmarks/training_speed.py")]
    lines += [
        f"Batches of {BATCH}, {options.threads} thread(s), {EVALUATIONS} evaluations on {HELD} rows. The median of "
        f"{options.repeats} turns, ratios within a turn; CPU seconds of the process where there is no GPU. With a checkpoint: "
        "written at each evaluation.\n",
        "| case | plain loop, rows/s | ntgate, rows/s | ntgate / plain | with a checkpoint / plain | goal | |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]  # fmt: skip
    reference = {}
    with tempfile.TemporaryDirectory() as folder:
        for case, (backbone, shape, steps) in CASES.items():
            plain(backbone, shape, steps // 5), ours(backbone, shape, steps // 5)
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
    if not options.no_peers:
        lines += ["", "Peers, the same models and batches, no evaluation, against the plain loop of above:\n"]
        lines += ["| case | " + " | ".join(PEERS) + " |", "| --- |" + " ---: |" * len(PEERS)]
        times = {name: peer_times(name, 3) for name in PEERS}
        for case in CASES:
            cells = [f"{reference[case] / times[name][case]:.2f}" if case in times[name] else "-" for name in PEERS]
            lines.append(f"| {case} | " + " | ".join(cells) + " |")
    write("training_speed.md", "\n".join(lines))


if __name__ == "__main__":
    main()
