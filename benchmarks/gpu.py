"""What a GPU gives: MMD against the card's matrix product, training against a plain loop, and the same decision as on the CPU.

    python benchmarks/gpu.py                   # under five minutes on one card, needs no network
    python benchmarks/gpu.py --device cpu --part 0.02    # whether it works, where there is no GPU; writes nothing

MMD: tensors that lie on the device; the floor is the time of the matrix products alone at the rate at which the device multiplies
two float32 matrices of 8192 x 8192, measured beside each case. 10,000 rows a sample are exact, 100,000 take random features.
``copied`` is the growth of the process's own memory meanwhile: rows that left the device would be 20 and 200 MiB a sample.

Training: rows a second of :func:`ntgate.training.loop.fit` beside a plain loop of the same network, batches, optimiser, precision
and number of steps, in turns that alternate; the median of the ratios counts. The transformer has MiniLM's size: six layers, 384
wide, twelve heads, 128 tokens.

Decision: one small fine-tuning and the gate on its test rows, on the CPU and on the device, same seed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from machine import heading, write
from plain_loop import accuracy, plain_loop
from shift_speed import anonymous_memory
from torch import Tensor, nn

from ntgate.data.leakage import Leakage
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.gate.evidence import Evidence
from ntgate.gate.wear import unworn
from ntgate.shift import MmdResult, mmd_test
from ntgate.training.config import Cnn, Imported, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import Network, build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised

SIDE, WIDTH, FREQUENCIES, EVALUATIONS, CLASSES = 8192, 512, 512, 5, 10
ROWS, HELD = 4096, 512


class TokenEncoder(nn.Module):
    """A transformer of MiniLM's size over tokens ``(n, length, 384)`` that are embedded already; features are their mean."""

    def __init__(self, width: int = 384, heads: int = 12, layers: int = 6) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features ``(n, width)``."""
        features: Tensor = self.layers(x).mean(dim=1)
        return features


CASES = {
    "MLP 512-256-128": (Mlp(), (512,), 1000, 64),
    "CNN, 3 x 32 x 32": (Cnn(), (3, 32, 32), 400, 64),
    "transformer of MiniLM's size, 128 tokens": (Imported(path="gpu:TokenEncoder"), (128, 384), 100, 32),
}


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Wall seconds of one call, the device's queue included."""
    wait(device)
    began = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - began


def product_rate(device: torch.device, side: int) -> float:
    """Operations a second of a float32 matrix product, the best of five."""
    a, b = (torch.randn(side, side, device=device) for _ in range(2))
    torch.mm(a, b)
    return 2.0 * side**3 / min(seconds(lambda: torch.mm(a, b), device) for _ in range(5))


def samples(n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Two samples on the device, the second moved by a fiftieth of a deviation."""
    generator = torch.Generator(device).manual_seed(0)
    x, y = (torch.randn(n, WIDTH, generator=generator, device=device) for _ in range(2))
    return x, y + 0.02


def shift(device: torch.device, part: float, side: int) -> list[str]:
    """A row for each size of sample."""
    lines = []
    for n, goal in ((10_000, 0.5), (100_000, 0.3)):
        n = max(1000, int(n * part))  # noqa: PLW2901
        x, y = samples(n, device)
        # Pairs once: symmetry halves the kernel's 2 N^2 d operations. Random features: 2 N d F.
        exact = 2 * n <= 40_000
        operations = (2.0 * n) ** 2 * WIDTH if exact else 2.0 * 2 * n * WIDTH * FREQUENCIES
        mmd_test(x, y, device=str(device))
        with anonymous_memory() as grown:
            took = min(seconds(lambda x=x, y=y: mmd_test(x, y, device=str(device)), device) for _ in range(3))
        floor = operations / product_rate(device, side)
        name = "exact" if exact else "random features"
        lines.append(
            f"| {n:,} + {n:,} x {WIDTH}, {name} | {took:.3f} | {floor:.4f} | {100 * floor / took:.0f} % | {100 * goal:.0f} % "
            f"| {grown[0]:.0f} MiB |"
        )
        print(lines[-1], flush=True)
    return lines


def rows(shape: tuple[int, ...], count: int, held: int) -> tuple[Rows, Rows]:
    """Rows of ten classes, to train on and to evaluate on."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count + held, *shape, generator=generator)
    y = torch.randint(0, CLASSES, (count + held,), generator=generator)
    return Rows(x[:count], y[:count]), Rows(x[count:], y[count:])


def ours(network: Network, train: Rows, held: Rows, steps: int, batch: int, precision: str, device: torch.device) -> None:
    config = TrainingConfig(
        batch_size=batch, evaluations=EVALUATIONS, patience=EVALUATIONS, precision=precision, device=device.type
    )
    fit(Supervised(network), {"labelled": train}, held, metric=accuracy, config=config, steps=steps, seed=0)


def plain(network: Network, train: Rows, held: Rows, steps: int, batch: int, precision: str, device: torch.device) -> None:
    plain_loop(network, train, held, steps, batch, EVALUATIONS, device, mixed=precision == "bf16-mixed")


def training(device: torch.device, part: float, turns: int) -> list[str]:
    """A row for each network and precision."""
    lines = []
    for name, (backbone, shape, whole, batch) in CASES.items():
        steps, batch = max(2 * EVALUATIONS, int(whole * part)), max(4, int(batch * min(1.0, 4 * part)))  # noqa: PLW2901
        train, held = rows(shape, *(max(2 * batch, int(count * min(1.0, 4 * part))) for count in (ROWS, HELD)))
        for precision in ("32-true", "bf16-mixed"):
            found = []
            for turn in range(turns + 1):  # the first warms up
                took = {}
                for loop in (plain, ours) if turn % 2 else (ours, plain):
                    network = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=CLASSES), 0)
                    took[loop] = seconds(
                        lambda loop=loop, network=network: loop(network, train, held, steps, batch, precision, device),  # noqa: B023
                        device,
                    )
                found.append(took)
            per_second = [steps * batch / statistics.median(took[loop] for took in found[1:]) for loop in (plain, ours)]
            ratio = statistics.median(took[plain] / took[ours] for took in found[1:])
            lines.append(f"| {name} | {precision} | {per_second[0]:,.0f} | {per_second[1]:,.0f} | {ratio:.2f} | 0.95 |")
            print(lines[-1], flush=True)
    return lines


def decided(device: torch.device, steps: int) -> tuple[GateDecision, MmdResult]:
    """Two small networks, one that starts where the source left it, and the gate's answer on 400 test rows."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, 16)).astype(np.float32)

    def domain(n: int, moved: float) -> tuple[Tensor, Tensor]:
        y = rng.integers(0, CLASSES, n)
        x = centres[y] + rng.normal(size=(n, 16)).astype(np.float32) + np.float32(moved)
        return torch.from_numpy(x), torch.from_numpy(y)

    source, target, held, test = (Rows(*domain(n, moved)) for n, moved in ((4000, 0.0), (60, 0.3), (60, 0.3), (400, 0.3)))
    spec = NetworkSpec(backbone=Mlp(), input_shape=(16,), classes=CLASSES)
    scratch, candidate = build(spec, 0), build(spec, 0)
    ours(candidate, source, held, 4 * steps, 64, "32-true", device)
    for network in (candidate, scratch):
        ours(network, target, held, steps, 32, "32-true", device)
    with torch.inference_mode():
        scores = [network.cpu().eval()(test.x).softmax(dim=1).numpy() for network in (candidate, scratch)]
    guess = np.tile(np.eye(CLASSES)[0], (len(test.y), 1))
    facts = {"allowance": unworn(len(test.y), 0.05), "leakage": Leakage(test_rows=len(test.y), off=True), "swapped_labels": ()}
    evidence = Evidence(test.y.numpy(), *scores, constant=guess, constant_class="0", **facts)
    x, y = (part.x.to(device) for part in (source, test))
    return decide(evidence, GateConfig(seeds=1)), mmd_test(x, y, device=str(device))


def agreement(device: torch.device, steps: int) -> list[str]:
    """What the CPU and the device say of the same data with the same seed."""
    places = (torch.device("cpu"), device)
    (first, near), (second, far) = (decided(place, steps) for place in places)
    same = first.outcome == second.outcome and near.p_value == far.p_value
    lines = [
        f"| {place} | {decision.outcome} | {decision.candidate:.3f} | {decision.scratch:.3f} | {moved.statistic:.6f} "
        f"| {moved.p_value:.4f} |"
        for place, decision, moved in zip(places, (first, second), (near, far), strict=True)
    ]
    return [*lines, "", f"Decision and p-value are {'the same' if same else 'DIFFERENT'}."]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description="What a GPU gives.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--part", type=float, default=1.0, help="of rows and steps; below 1 nothing is written")
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    if asked.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("there is no GPU here; --device cpu --part 0.02 tries the script")
    device = torch.device(asked.device)
    began, small = time.perf_counter(), asked.part < 1
    page = [
        heading("On a GPU", "python benchmarks/gpu.py"),
        "| MMD | seconds | floor | floor / seconds | goal | copied |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *shift(device, asked.part, 1024 if small else SIDE),
        "",
        "| training | precision | plain loop, rows/s | ntgate, rows/s | ntgate / plain | goal |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *training(device, asked.part, asked.turns),
        "",
        "| device | outcome | candidate | scratch | MMD^2 | p |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *agreement(device, max(20, int(400 * asked.part))),
        "",
        f"{time.perf_counter() - began:.0f} s in all.",
    ]
    if small:
        print("\n".join(page))
    else:
        write("gpu.md", "\n".join(page))


if __name__ == "__main__":
    main()
