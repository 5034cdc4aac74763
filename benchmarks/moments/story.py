"""A story: the commands of a model's life on small data, each begun from the state in which the one before left everything."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from moments.state import State, look

FOREST = multiprocessing.get_context("forkserver")  # children start with everything imported, and share nothing else
# By name: the words of the command line, and the share of the moments that strike it.
COMMANDS = {
    "first run": (("run", "first.yaml"), 0.2),
    "second run": (("run", "second.yaml"), 0.25),
    "few test rows": (("run", "few.yaml"), 0.1),
    "ask": (("ask", "{run}", "--rows", "pool.npz"), 0.1),
    "judge": (("judge", "{run}", "--labels", "labels.csv"), 0.2),
    "approve": (("approve", "labelled", "{version}", "--reason", "it reads", "--by", "ann"), 0.15),
}
_TOLD = ("outcome", "decision_id", "gain", "gain_interval", "p_value", "asked", "champion")


@dataclass(frozen=True)
class Told:
    """What an undisturbed command came to.

    Attributes:
        words: the command line.
        codes: its exit code, and that of its repetition.
        seconds: of CPU.
        state: what it left, and said.
        repeated: the same of its repetition: a run that promoted, say, meets its own model as the champion.
    """

    words: tuple[str, ...]
    codes: tuple[int, int]
    seconds: float
    state: State
    repeated: State


@dataclass
class Story:
    """The story in a folder, with a registry beside it.

    Attributes:
        folder: all that a command reads and writes; its content is taken away and put back.
        kept: takes copies of it.
        driver: ``inline``, ``zenml``, or ``pods``, a process a stage.
        database: the registry's address, and how its content is kept and put back where it does not lie in the folder.
    """

    folder: Path
    kept: Path
    driver: str
    database: str
    keep: Callable[[int], None] = lambda _: None
    put_back: Callable[[int], None] = lambda _: None
    told: dict[str, Told] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)

    def tell(self) -> None:
        """The whole story, undisturbed, each command twice: a rerun that finds nothing left to do ends as the repetition does.

        On pods it ends with the runs of the first model: what follows on a run needs its folder, and is of one process anyway.
        """
        _write(self.folder, self.database)
        for number, (name, (words, _)) in enumerate(list(COMMANDS.items())[: 2 if self.driver == "pods" else None]):
            self._save(number)
            told = tuple(word.format(**self._words) for word in words)
            if words[0] == "run":
                told = {"inline": (*told, "--inline"), "zenml": told, "pods": ("pods", *told[1:])}[self.driver]
            code, seconds, answer = self.ended(self.start(told))
            if answer is None or code not in (0, 3, 4, 7):
                raise SystemExit(f"{name}, undisturbed, ended with {code}: {(self.folder.parent / 'err').read_text()[-3000:]}")
            state = self.state(answer)
            again, _, repeated = self.ended(self.start(told))
            self.told[name] = Told(told, (code, again), seconds, state, self.state(repeated))
            self._remember(name, answer)
            print(f"  {name}: exit {code}, repeated {again}, {seconds:.1f} s of CPU", file=sys.stderr, flush=True)

    def restore(self, name: str) -> None:
        """As it was before the command of this ``name``."""
        number = list(COMMANDS).index(name)
        for one in self.folder.iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        shutil.copytree(self.kept / str(number), self.folder, dirs_exist_ok=True)
        self.put_back(number)

    def start(self, words: tuple[str, ...], inside: Callable[[], None] | None = None) -> Any:
        """Start a command as a process; ``inside`` is called in it before anything else."""
        environment = {"MLFLOW_TRACKING_URI": self.database, "ZENML_CONFIG_PATH": str(self.folder / "zenml")}
        out, err = self.folder.parent / "out", self.folder.parent / "err"
        process = FOREST.Process(target=act, args=(words, str(self.folder), environment, str(out), str(err), inside))
        process.start()
        return process

    def ended(self, process: Any) -> tuple[int, float, dict[str, Any] | None]:
        """Wait for a command: its exit code, its CPU seconds, and its answer where there is one."""
        process.join(900)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise SystemExit(f"a command did not end within 900 s: {(self.folder.parent / 'err').read_text()[-3000:]}")
        text = (self.folder.parent / "out").read_text()
        seconds = float((self.folder.parent / "out.seconds").read_text()) if process.exitcode >= 0 else 0.0
        try:
            return process.exitcode, seconds, json.loads(text)
        except ValueError:
            return process.exitcode, seconds, None

    def state(self, answer: Mapping[str, Any] | None) -> State:
        """Everything that counts, as it is now."""
        return look(self.database, {key: (answer or {}).get(key) for key in _TOLD})

    def _save(self, number: int) -> None:
        shutil.copytree(self.folder, self.kept / str(number))
        self.keep(number)

    def _remember(self, name: str, answer: Mapping[str, Any]) -> None:
        if name == "few test rows":
            self._words["run"] = answer["directory"]
        if name == "ask":
            _label(self.folder, Path(self._words["run"]))
        if name == "judge":
            self._words["version"] = answer["registry"]["approval"]["version"]


def act(
    words: tuple[str, ...], folder: str, environment: Mapping[str, str], out: str, err: str, inside: Callable[[], None] | None
) -> None:
    """One command of the command line in this process, which ends with its exit code."""
    os.setsid()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    from moments.pods import retrain
    from ntgate.cli.app import run
    from ntgate.cli.process_exit import guard

    if words[0] != "pods":
        guard()
    if inside is not None:
        inside()
    code = retrain(Path(folder, words[1])) if words[0] == "pods" else run([*words, "--json"])
    sys.stdout.flush()
    Path(f"{out}.seconds").write_text(str(sum(os.times()[:4])), encoding="utf-8")  # with those of its children
    os._exit(code)


def _digits() -> tuple[Any, Any, Any]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    x, y = (bunch.images[order] / 16).reshape(-1, 64).astype(np.float32), bunch.target[order].astype(np.int64)
    return x, np.clip(0.15 + 0.7 * x + np.random.default_rng(5).normal(0, 0.05, x.shape), 0, 1).astype(np.float32), y


_PARTS = {
    "target": (700, 760),
    "more": (700, 800),
    "many": (700, 880),
    "test": (1200, 1350),
    "other": (1350, 1500),
    "few": (880, 910),
}
_POOL = np.r_[930:1200, 1500:1797]


def _write(folder: Path, database: str) -> None:
    """The rows, and a config for each run."""
    x, veiled, y = _digits()
    np.savez(folder / "source.npz", x=x[:700], y=y[:700])
    for name, (first, last) in _PARTS.items():
        np.savez(folder / f"{name}.npz", x=veiled[first:last], y=y[first:last])
    np.savez(folder / "pool.npz", x=veiled[_POOL])
    config: dict[str, Any] = {
        "registry": {"uri": database, "artifact_location": (folder / "artifacts").as_uri(), "timeout_seconds": 20},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "training": {"steps": 60, "source_steps": 60, "batch_size": 32, "folds": 2},
        "shift": {"permutations": 99, "evidently": False},
    }
    for name, model, target, test, gate in (
        ("first", "reader", "target", "test", {}),
        ("second", "reader", "more", "other", {}),
        ("few", "labelled", "many", "few", {"labels": {"looks": 4}, "approval": "required"}),
    ):
        data = {"source": {"path": "source.npz"}, "target": {"path": f"{target}.npz"}, "target_test": {"path": f"{test}.npz"}}
        mine = {
            "model": {"name": model, "backbone": {"kind": "mlp", "hidden": [32]}},
            "data": data,
            "gate": {"seeds": 1, "ledger": {"uri": database}, **gate},
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**config, **mine}), encoding="utf-8")


def _label(folder: Path, run: Path) -> None:
    """The truth of the rows that were asked for."""
    import pandas as pd

    _, veiled, y = _digits()
    rows, truth = veiled[_POOL], y[_POOL]
    table = pd.read_csv(run / "asked.csv", dtype={"row_id": str})
    values = table[[f"x{i}" for i in range(64)]].to_numpy()
    labels = [str(int(truth[np.abs(rows - one).sum(axis=1).argmin()])) for one in values]
    table[["row_id"]].assign(label=labels).to_csv(folder / "labels.csv", index=False)
