"""Real files: every pair of real domains through `ntgate run`, from the files as they are.

Training is short: what is asked is whether a run reads its files, takes out what stands twice, judges and answers, not how well.
Dry runs, each with a registry of its own.

    python benchmarks/real_files.py   # about ten minutes
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import time
from pathlib import Path

import yaml
from machine import heading, shared_data, write
from real_pairs import PAIRS

from ntgate.cli.app import run as command

QUICK = {
    "training": {"steps": 40, "source_steps": 40, "batch_size": 32},
    "gate": {"seeds": 1},
    "strategies": ["fine_tuning", "linear_pool"],
    "shift": {"permutations": 99, "evidently": False},
}
ANSWERED = {0: "promoted", 3: "rejected", 4: "inconclusive"}


def answer(source: Path, target: Path) -> tuple[int, dict]:
    """The exit code and the JSON of one run."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        data = {"source": {"path": str(source)}, "target": {"path": str(target)}}
        registry = {"uri": f"sqlite:///{folder}/mlflow.db"}
        config.write_text(yaml.safe_dump({"model": {"name": "real"}, "data": data, "registry": registry, **QUICK}))
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
            code = command(["run", str(config), "--inline", "--dry-run", "--json"])
        return code, json.loads(out.getvalue())


def main() -> None:
    data = shared_data()
    columns = ("pair", "answer", "test rows", "copies taken out", "rows counted once", "s")
    lines = [f"| {' | '.join(columns)} |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    ended = 0
    for folder, source, target, _ in PAIRS:
        began = time.perf_counter()
        files = [next((data / folder).glob(f"{name}.*")) for name in (source, target)]
        code, result = answer(*files)
        copies = result.get("data", {}).get("copies") or {}
        taken = sum((copies.get("taken") or {}).values())
        said = ANSWERED.get(code) or f"exit {code}: {result['errors'][0]['message']}"
        ended += code in ANSWERED
        rows = result.get("data", {}).get("rows", {}).get("test", "-")
        once, seconds = copies.get("repeated", "-"), time.perf_counter() - began
        lines.append(f"| {folder} {source} -> {target} | {said} | {rows} | {taken} | {once} | {seconds:.1f} |")
        print(lines[-1], flush=True)
    told = f"{ended} of {len(PAIRS)} pairs end with a verdict of the gate."
    write("real_files.md", f"{heading('Real files', 'python benchmarks/real_files.py')}\n{told}\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
