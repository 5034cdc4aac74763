"""The candidate beside AutoGluon, on the pairs of real_pairs.py that are tables of columns.

    python benchmarks/real_pairs.py run --seeds 0       # first: the models of ntgate
    python benchmarks/real_pairs_autogluon.py           # about half an hour; --seconds a fit

AutoGluon gets the same labelled rows, the same encoded columns and the same truth; it runs in an environment of its own under
``.bench/``, made on the first run. ``run`` keeps one line a result in real_pairs_autogluon.jsonl and leaves out what stands there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, peer_python, shared_data, write
from real_pairs import PAIRS, parts, recorded
from strategies_accuracy import pair_name

from ntgate.data.encoder import fit_encoder

PEER = ["autogluon.tabular[lightgbm,catboost,xgboost,fastai]==1.6.3"]
PICTURES = ("digits", "coil20")
RECORDS = Path("real_pairs_autogluon.jsonl")


def measured(pair: tuple[str, str, str, int], seed: int, seconds: float) -> dict[str, Any]:
    """Accuracy of AutoGluon on the truth of one pair, with the target alone and with both domains."""
    view, _, truth = parts(shared_data(), pair, seed)
    encoder = fit_encoder(view.source, view.labelled, *([view.unlabelled] if view.unlabelled is not None else []))
    python = peer_python("autogluon", PEER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pair.npz"
        domains = {"source": view.source, "target": view.labelled, "truth": truth}
        arrays = {name: encoder.encode(domain.rows).reshape(len(domain), -1) for name, domain in domains.items()}
        np.savez(path, **arrays, **{f"{name}_y": domain.labels for name, domain in domains.items()})
        peer = Path(__file__).resolve().parent / "peers" / "autogluon_peer.py"
        done = subprocess.run([python, peer, path, str(seconds)], check=True, capture_output=True, text=True)
    return {"pair": pair_name(pair), "seed": seed, **json.loads(done.stdout.splitlines()[-1])}


def table(found: list[dict[str, Any]], ours: list[dict[str, Any]], seconds: float) -> str:
    """The page: means over the pairs that both have run, then each pair."""
    known = {(record["pair"], record["seed"]): record for record in ours}
    both = [(peer, known[peer["pair"], peer["seed"]]["truth"]) for peer in found if (peer["pair"], peer["seed"]) in known]
    columns = {
        "AutoGluon, target alone": [peer["alone"] for peer, _ in both],
        "AutoGluon, both domains, weighed": [peer["pooled"] for peer, _ in both],
        "ntgate, scratch's committee": [truth["scratch"] for _, truth in both],
        "ntgate, the candidate": [truth["committee"] for _, truth in both],
    }
    lead = 100 * np.subtract(columns["ntgate, the candidate"], columns["AutoGluon, both domains, weighed"])
    return "\n".join(
        [
            heading("Real pairs beside AutoGluon", "python benchmarks/real_pairs_autogluon.py"),
            f"{len(both)} runs on tables of columns (no pictures), AutoGluon 1.6.3, medium quality, {seconds:g} s a fit on one "
            "core. Accuracy, in points, on the held-back half.",
            "",
            "| | mean |",
            "| --- | ---: |",
            *(f"| {name} | {100 * np.mean(values):.1f} |" for name, values in columns.items()),
            "",
            f"The candidate over AutoGluon with both domains: {lead.mean():+.1f} ± {lead.std() / len(lead) ** 0.5:.1f} points "
            f"(goal +5); ahead on {int((lead > 0).sum())} of {len(lead)}, behind on {int((lead < 0).sum())}.",
            "",
            "| pair | seed | " + " | ".join(columns) + " |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {peer['pair']} | {peer['seed']} | " + " | ".join(f"{100 * values[i]:.1f}" for values in columns.values()) + " |"
                for i, (peer, _) in enumerate(both)
            ),
        ]
    )


def main() -> None:
    """Parse the command and do it."""
    parser = argparse.ArgumentParser(description="The candidate beside AutoGluon.")
    parser.add_argument("command", nargs="?", default="run", choices=["run", "table"])
    parser.add_argument("--seconds", type=float, default=30.0, help="a fit")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--ours", type=Path, default=Path("real_pairs.jsonl"), help="the results of real_pairs.py")
    asked = parser.parse_args()
    if asked.command == "run":
        done = {(record["pair"], record["seed"]) for record in recorded(RECORDS)}
        with RECORDS.open("a", encoding="utf-8") as file:
            for seed in asked.seeds:
                for pair in PAIRS:
                    if pair[0] not in PICTURES and (pair_name(pair), seed) not in done:
                        record = measured(pair, seed, asked.seconds)
                        file.write(json.dumps(record) + "\n")
                        file.flush()
                        print(json.dumps(record), flush=True)
    write("real_pairs_autogluon.md", table(recorded(RECORDS), recorded(asked.ours), asked.seconds))


if __name__ == "__main__":
    main()
