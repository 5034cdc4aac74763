"""Nothing leaves the machine: what each command connects to, as the kernel sees it, in a network that has no way out.

The commands are told as a story of one project, each with what the ones before it left. A command that is new has to be put in.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click
import numpy as np
import pandas as pd
import pytest
import yaml

from ntgate.cli.app import cli
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.lock import promotion_lock
from tests.cli.test_serve_check import served
from tests.server import Server
from tests.test_optouts import bare, left
from tests.traced import alone, traced

PROGRAM = [sys.executable, "-m", "ntgate"]
OWN = r"127\.0\.0\.1:\d{4,5}"  # of processes that a command starts to work for it; a name server's port is a low one


@dataclass
class Scene:
    """Where the story is told.

    Attributes:
        folder: of the project.
        words: what stands for a name in the words of a command.
        open: ends with the story.
    """

    folder: Path
    words: dict[str, str]
    open: ExitStack

    @property
    def registry(self) -> Registry:
        """That of the project, opened by other hands."""
        return connect(RegistryConfig(uri=f"sqlite:///{self.folder / 'mlflow.db'}"), "reader")


@dataclass(frozen=True)
class Line:
    """One command of the story.

    Attributes:
        words: of its command line; names in braces are those of the scene.
        code: the exit code that it has to end with.
        to: a pattern of the addresses that it was told to ask: it has to ask one, and nobody else; "": nobody at all.
        before: what other hands do before.
        directory: the name under which the scene keeps the folder of a run.
    """

    words: str
    code: int = 0
    to: str = ""
    before: Callable[[Scene], None] = field(default=lambda _: None)
    directory: str = ""


def other_version(scene: Scene) -> None:
    """Somebody registers the champion's files once more, as a version of their own."""
    client = scene.registry.client
    made = client.get_model_version_by_alias("reader", "champion")
    run = client.create_run(scene.registry.experiment()).info.run_id
    scene.words["their_version"] = str(client.create_model_version("reader", made.source, run).version)


def held_lock(scene: Scene) -> None:
    """Somebody promotes and does not come to an end."""
    scene.open.enter_context(promotion_lock(scene.registry))


def labelled(scene: Scene) -> None:
    """Somebody labels the rows that were asked for."""
    rows, truth = np.load(scene.folder / "pool.npz")["x"], np.load(scene.folder / "truth.npy")
    table = pd.read_csv(Path(scene.words["few"]) / "asked.csv", dtype={"row_id": str})
    values = table[[f"x{i}" for i in range(rows.shape[1])]].to_numpy()
    labels = [str(truth[np.abs(rows - one).sum(axis=1).argmin()]) for one in values]
    table[["row_id"]].assign(label=labels).to_csv(scene.folder / "labels.csv", index=False)


def waiting(scene: Scene) -> None:
    """Somebody looks which versions wait for approval."""
    for name in ("asked", "few"):
        found = scene.registry.client.get_model_version_by_alias(name, "challenger")
        scene.words[f"{name}_version"] = str(found.version)


def endpoint(scene: Scene) -> None:
    """Somebody serves the champion."""
    scene.words["endpoint"] = scene.open.enter_context(served(scene.folder, "champion", "reader"))


def server(scene: Scene) -> None:
    """Somebody runs an MLflow server."""
    folder = scene.folder / "server"
    folder.mkdir()
    scene.words["server"] = scene.open.enter_context(Server(folder, f"sqlite:///{folder / 'mlflow.db'}")).address


HERE = "--uri sqlite:///mlflow.db"
STORY = (
    Line("init made"),
    Line("schema"),
    Line(f"doctor {HERE}"),
    Line("validate config.yaml"),
    Line("plan config.yaml"),
    Line("drift config.yaml", 3),
    Line("drift tables.yaml --workers 2", 3, OWN),
    Line("run config.yaml --inline", directory="run"),
    Line("run shared.yaml --inline", 0, OWN),
    Line(f"status reader {HERE}"),
    Line(f"status {HERE}"),
    Line("report {run}"),
    Line("explain {run}"),
    Line("replay {run}"),
    Line("up"),
    Line("drift config.yaml --zenml", 3),
    Line("run asked.yaml", 7, directory="asked"),
    Line("compare {run} {asked}"),
    Line("run few.yaml --inline", 4, directory="few"),
    Line("ask {few} --rows pool.npz"),
    Line("judge {few} --labels labels.csv", 7, before=labelled),
    Line(f"approve few {{few_version}} --reason good {HERE}", before=waiting),
    Line(f"decline asked {{asked_version}} --reason bad {HERE}"),
    Line(f"adopt reader --version {{their_version}} --reason ours {HERE}", before=other_version),
    Line(f"rollback reader {HERE}"),
    Line(f"reconcile reader {HERE}"),
    Line(f"lock break reader --yes {HERE}", before=held_lock),
    Line("ledger adopt config.yaml --yes"),
    Line("schedule config.yaml --cron '17 3 * * 1' --with cron"),
    Line("kfp compile config.yaml --image example.com/ntgate"),
    Line(f"serve-check reader --endpoint {{endpoint}} {HERE}", 0, "{endpoint}", before=endpoint),
    Line("validate served.yaml --set registry.uri={server}", 0, "{server}", before=server),
    Line("run served.yaml --inline --set registry.uri={server}", 0, "{server}"),
    Line("status reader --uri {server}", 0, "{server}"),
    Line(f"gc reader --runs runs --keep-days 0 --keep-runs 1 --yes {HERE}"),
)


# What README shows for serving, with what deploy/README.md says to set.
LOAD = """
import mlflow, numpy
mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.pyfunc.load_model("models:/reader@champion").predict(numpy.zeros((2, 64), "float32"))
"""
SET = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def commands(group: click.Group, *above: str) -> Iterator[str]:
    """Every command of the group, those of its groups too."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield " ".join([*above, name])


PARTS = {
    "source": np.r_[:700],
    "target": np.r_[700:760],
    "many": np.r_[700:880],
    "little": np.r_[880:910],
    "test": np.r_[1000:1600],
    "pool": np.r_[930:1797],
}


def written(folder: Path, digits: tuple[np.ndarray, np.ndarray]) -> None:
    """The rows of a project, a config for each of its models, and one of tables."""
    x, y = digits[0].reshape(len(digits[0]), -1), digits[1]
    veiled = np.clip(0.15 + 0.7 * x + np.random.default_rng(5).normal(0, 0.05, x.shape), 0, 1).astype(np.float32)
    for name, rows in PARTS.items():
        seen = x[rows] if name == "source" else veiled[rows]
        np.savez(folder / f"{name}.npz", x=seen, **({} if name == "pool" else {"y": y[rows]}))
        pd.DataFrame(seen, columns=[f"x{i}" for i in range(x.shape[1])]).to_parquet(folder / f"{name}.parquet")
    np.save(folder / "truth.npy", y[PARTS["pool"]])
    config = {
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "training": {"steps": 60, "source_steps": 60, "batch_size": 32, "folds": 2},
        "compression": ["quantisation"],
        "shift": {"permutations": 99, "evidently": False},
    }
    asked = {"approval": "required"}
    few = {"labels": {"looks": 4}, "approval": "required"}
    for name, model, target, test, gate, more in (
        ("config", "reader", "target", "test", {}, {"shift": {"permutations": 99, "evidently": True}}),  # in a process of its own
        ("shared", "shared", "target", "test", {}, {"training": {**config["training"], "processes": 2, "device": "cpu"}}),
        ("asked", "asked", "target", "test", asked, {}),
        ("few", "few", "many", "little", few, {"compression": []}),
        ("served", "reader", "target", "test", {}, {}),
    ):
        data = {"source": {"path": "source.npz"}, "target": {"path": f"{target}.npz"}, "target_test": {"path": f"{test}.npz"}}
        mine = {"model": {"name": model, "backbone": {"kind": "mlp", "hidden": [32]}}, "data": data, "gate": {"seeds": 1, **gate}}
        if name != "config":  # whose test rows the others use too, and in its ledger these would be spent
            mine["gate"]["ledger"] = {"uri": f"sqlite:///{name}-ledger.db"}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config | mine | more))
    tables = {"source": {"path": "source.parquet"}, "target": {"path": "many.parquet"}}
    (folder / "tables.yaml").write_text(yaml.safe_dump(config | {"model": {"name": "tables"}, "data": tables}))


def crontab(folder: Path) -> str:
    """A folder with a crontab that is a file beside it."""
    place = folder / "bin"
    place.mkdir()
    (place / "crontab").write_text(  # the two forms in which crontab is called
        f'#!/bin/sh\nf="{folder}/crontab.txt"\nif [ "$1" = -l ]; then cat "$f" 2>/dev/null || {{ echo no crontab >&2; exit 1; }}\n'
        'else cat >"$f"; fi\n'
    )
    (place / "crontab").chmod(0o755)
    return str(place)


def test_every_command_is_told():
    told = {name for line in STORY for name in commands(cli) if line.words.startswith(f"{name} ") or line.words == name}
    assert sorted(told) == sorted(commands(cli))


@pytest.mark.slow
def test_a_look_up_is_seen(tmp_path):
    """Whether the tests here could fail."""
    ask = (
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('ntgate.invalid', 443)\n"
        "with contextlib.suppress(OSError): socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))\n"
        "with contextlib.suppress(OSError): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))\n"
    )
    with alone():
        found = traced([sys.executable, "-c", ask], tmp_path, bare(tmp_path)).addresses
    assert found[-2:] == ("2001:db8::1:80", "192.0.2.1:9")
    assert any(address.endswith(":53") for address in found[:-2]), "a look-up of a name goes ways that are not watched here"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_command_looks_up_or_connects_to_anything(tmp_path, digits):
    home, folder = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    folder.mkdir()
    written(folder, digits)
    environment = bare(home)
    environment["PATH"] = f"{crontab(tmp_path)}:{environment['PATH']}"
    wrong: dict[str, tuple[int, tuple[str, ...], str]] = {}
    with alone() as nothing_else, ExitStack() as opened:
        scene = Scene(folder, {}, opened)
        for line in STORY:
            line.before(scene)
            words = [word.format(**scene.words) for word in shlex.split(line.words)]
            ended = traced([*PROGRAM, *words, *(["--json"] if line.directory else [])], folder, environment)
            asked = re.escape(urlsplit(line.to.format(**scene.words)).netloc) if line.to.startswith("{") else line.to
            others = tuple(one for one in ended.addresses if not re.fullmatch(asked, one))
            if (ended.code, others, bool(ended.addresses)) != (line.code, (), bool(line.to)):
                wrong[line.words] = (ended.code, others, ended.err[-1000:])
            if ended.code != line.code:
                break  # what follows lacks what this one leaves
            if line.directory:
                scene.words[line.directory] = json.loads(ended.out)["directory"]
        loaded = traced([sys.executable, "-c", LOAD], folder, environment | SET)
    assert wrong == {}
    assert (loaded.code, loaded.addresses) == (0, ())
    assert left(home) == []
    if not nothing_else:
        pytest.skip(
            "no command wrote to anybody else, but all had the machine's network: a namespace of its own is not allowed here"
        )
