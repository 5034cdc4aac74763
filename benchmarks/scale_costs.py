"""What each part of a run costs, by small runs of the real functions: the measurements behind ``scale.py``.

Seconds are CPU seconds of this process with one thread for the arithmetic, so that others at work on the machine disturb little,
and so that they can be added up as the time of one core. Where the disk is what is waited for they are seconds of the wall.
"""

from __future__ import annotations

import ctypes
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from shift_speed import anonymous_memory

CLASSES = 10
Point = tuple[dict[str, float], float]  # what was varied, and what was measured


@dataclass(frozen=True)
class Sizes:
    """How large the small runs are."""

    rows: tuple[int, ...]
    exact: tuple[int, ...]
    stream: tuple[int, ...]
    widths: tuple[int, ...]
    steps: int
    judged: tuple[int, ...]
    entries: tuple[int, ...]
    classes: tuple[int, ...]
    recorded: int
    repeats: int


QUICK = Sizes((1000, 2000), (300, 600), (2000, 4000), (8, 16), 20, (200, 400), (50, 100), (2, 10), 2, 1)
FULL = Sizes(
    (20_000, 100_000, 400_000),
    (2000, 4000, 8000),
    (100_000, 200_000, 400_000),
    (16, 64, 256),
    200,
    (1000, 10_000, 100_000),
    (1000, 8000, 64_000),
    (2, 10, 100, 1000),
    6,
    2,
)


def cpu(work: Callable[[], object], repeats: int = 1) -> float:
    """The least CPU seconds of a call."""
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def give_back() -> None:
    """Return freed memory to the system, where the C library can, so that the next case does not grow into it unseen."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def rows(n: int, d: int, seed: int, moved: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``CLASSES`` clusters with labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, n)
    centres = np.random.default_rng(0).normal(size=(CLASSES, d)).astype(np.float32)
    return centres[y] + rng.standard_normal((n, d), dtype=np.float32) + np.float32(moved), y.astype(np.int64)


def config_of(folder: Path, n: int, d: int, test: int, **settings: Any) -> Any:
    """The config of a run whose source has ``n`` rows and whose target 800 and ``test``, on disk in ``folder``."""
    from ntgate.config_file import parse

    for seed, (name, size, moved) in enumerate((("source", n, 0.0), ("target", 800, 0.2), ("target_test", test, 0.2))):
        x, y = rows(size, d, 10 + seed, moved)
        np.savez(folder / f"{name}.npz", x=x, y=y)
    content = {
        "model": {"name": "reader"},
        "data": {name: {"path": f"{name}.npz"} for name in ("source", "target", "target_test")},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "output": "runs",
        **settings,
    }
    return parse(content, folder)


def ingest_and_drift(sizes: Sizes) -> dict[str, list[Point]]:
    """Ingest (read, leakage, fingerprints, store) and the drift stage, seconds and memory, by source rows, columns and test rows.

    The drift stage samples its MMD down to 500 rows here: what is left grows with the rows, and the MMD has curves of its own.
    """
    from ntgate.stages.drift import measure_drift
    from ntgate.stages.ingest import ingest
    from ntgate.stages.place import Place

    found: dict[str, list[Point]] = {name: [] for name in ("ingest", "ingest memory", "drift", "drift memory")}
    few, many = sizes.judged[:2]
    cases = [(n, d, few) for n in sizes.rows for d in sizes.widths[:2]] + [(sizes.rows[0], sizes.widths[0], many)]
    for i, (n, d, m) in enumerate([cases[0], *cases]):  # the first pays for imports, and is measured again
        if i == 1:
            found = {name: [] for name in found}
        with tempfile.TemporaryDirectory() as name:
            config = config_of(Path(name), n, d, m, shift={"max_rows": 500, "evidently": False})
            at = {"n": n, "d": d, "m": m}
            give_back()
            with anonymous_memory() as grown:
                began = time.process_time()
                ingested = ingest(config, Place.of(config))
                found["ingest"].append((at, time.process_time() - began))
            found["ingest memory"].append((at, grown[0] * 2**20))
            if m == few:
                give_back()
                with anonymous_memory() as grown:
                    began = time.process_time()
                    measure_drift(config, ingested, None)
                    found["drift"].append((at, time.process_time() - began))
                found["drift memory"].append((at, grown[0] * 2**20))
    return found


def mmd(sizes: Sizes) -> dict[str, list[Point]]:
    """The MMD test of ``n`` + ``n`` rows, exact and by random features."""
    from ntgate.shift import mmd_test

    found: dict[str, list[Point]] = {"mmd exact": [], "mmd stream": []}
    for name, method, counts in (("mmd exact", "exact", sizes.exact), ("mmd stream", "random_features", sizes.stream)):
        for n in counts:
            for d in sizes.widths[:2]:
                x, y = rows(n, d, 1)[0], rows(n, d, 2)[0]
                seconds = cpu(lambda x=x, y=y, method=method: mmd_test(x, y, method=method), sizes.repeats)
                found[name].append(({"n": n, "d": d}, seconds))
    return found


def steps(sizes: Sizes) -> dict[str, list[Point]]:
    """A training step of the default network for tables, by columns, classes and rows; and of each default strategy."""
    from ntgate.data.domain import Domain, TrainingView
    from ntgate.metrics.accuracy import Accuracy
    from ntgate.strategies import DEFAULT
    from ntgate.strategies.base import Arm
    from ntgate.strategies.scratch import NetworkScratch
    from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
    from ntgate.training.loop import fit
    from ntgate.training.network import build
    from ntgate.training.source import pretrain
    from ntgate.training.streams import Rows
    from ntgate.training.supervised import Supervised

    def metric(labels: torch.Tensor, scores: torch.Tensor) -> float:
        return Accuracy().value(labels.numpy(), scores.numpy())

    settings = TrainingConfig(device="cpu", evaluations=1, steps=sizes.steps, source_steps=sizes.steps)

    def step(n: int, d: int, classes: int) -> float:
        x, y = rows(n + 64, d, 3)
        tensors = Rows(torch.from_numpy(x), torch.from_numpy(y % classes))
        network = build(NetworkSpec(backbone=Mlp(), input_shape=(d,), classes=classes), 0)
        part = torch.arange(len(x))
        work = cpu(
            lambda: fit(
                Supervised(network),
                {"labelled": tensors.take(part[64:])},
                tensors.take(part[:64]),
                metric=metric,
                config=settings,
                steps=sizes.steps,
                seed=0,
            ),
            sizes.repeats,
        )
        return work / sizes.steps

    few, d = sizes.rows[0], sizes.widths[1]
    step(few, d, CLASSES)  # the first pays for what torch sets up
    varied = [(few, width, CLASSES) for width in sizes.widths] + [(few, d, count) for count in sizes.classes]
    found: dict[str, list[Point]] = {
        "step": [({"d": width, "c": count}, step(n, width, count)) for n, width, count in varied],
        "step by rows": [({"n": n}, step(n, d, CLASSES)) for n in sizes.rows],
        "step by strategy": [],
    }
    names = tuple(map(str, range(CLASSES)))
    parts = {
        name: Domain(name, *rows(count, d, seed, 0.2 * seed), names)
        for seed, (name, count) in enumerate((("source", few), ("train", 600), ("validation", 200)))
    }
    view = TrainingView(parts["source"], parts["train"], parts["validation"])
    with tempfile.TemporaryDirectory() as folder:
        source = pretrain(view.source, [view.train], None, settings, metric, 0, Path(folder) / "source.safetensors")
        for strategy in (NetworkScratch(), *DEFAULT):
            arm = Arm(view, source, None, settings, metric, 0)
            seconds = cpu(lambda strategy=strategy, arm=arm: strategy.train(arm), sizes.repeats)
            found["step by strategy"].append(({"kind": strategy.kind}, seconds / sizes.steps))
    return found


def shipped(sizes: Sizes) -> dict[str, list[Point]]:
    """Export with its parity check by columns, and scoring by onnxruntime by rows and columns."""
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import fit_encoder
    from ntgate.export.onnx_export import export_onnx
    from ntgate.export.parity import check_parity
    from ntgate.export.runtime import scores_onnx
    from ntgate.models.network import NetworkModel
    from ntgate.training.config import Mlp, NetworkSpec
    from ntgate.training.network import build

    found: dict[str, list[Point]] = {"export": [], "model bytes": [], "evaluate": []}
    names = tuple(map(str, range(CLASSES)))
    with tempfile.TemporaryDirectory() as folder:
        for i, d in enumerate((sizes.widths[0], *sizes.widths)):
            domain = Domain("test", *rows(max(sizes.judged), d, 4), names)
            encoder, network = (fit_encoder(domain), build(NetworkSpec(backbone=Mlp(), input_shape=(d,), classes=CLASSES), 0))
            path = Path(folder) / f"{i}.onnx"
            few = domain.take(np.arange(200))

            def export(network=network, encoder=encoder, path=path, few=few) -> None:
                export_onnx(network, encoder, path, classes=names)
                check_parity(path, few.rows, NetworkModel(network, encoder, names).scores(few.rows), tolerance=1e-4)

            seconds = cpu(export)
            if i == 0:
                continue  # the first pays for the exporter's imports
            found["export"].append(({"d": d}, seconds))
            found["model bytes"].append(({"d": d}, path.stat().st_size))
            for n in sizes.judged:
                part = domain.rows[:n]
                seconds = cpu(lambda path=path, part=part: scores_onnx(path, part), sizes.repeats)
                found["evaluate"].append(({"n": n, "d": d}, seconds))
    return found


def gate(sizes: Sizes) -> dict[str, list[Point]]:
    """The gate's statistics by test rows, for accuracy with three seeds, a champion and a slice."""
    from ntgate.data.leakage import Leakage
    from ntgate.gate.config import GateConfig, Slice
    from ntgate.gate.decide import decide
    from ntgate.gate.evidence import Evidence
    from ntgate.gate.wear import unworn

    found: list[Point] = []
    for m in (200, *sizes.judged):  # the first pays for imports
        rng = np.random.default_rng(0)
        y = rng.integers(0, CLASSES, m)

        def scores(right: float, rng=rng, y=y, m=m) -> np.ndarray:
            guessed = np.where(rng.random(m) < right, y, rng.integers(0, CLASSES, m))
            return np.eye(CLASSES, dtype=np.float32)[guessed]

        evidence = Evidence(
            y,
            candidate=scores(0.9),
            scratch=scores(0.85),
            champion=scores(0.88),
            champion_version="1",
            candidate_seeds=np.stack([scores(0.9), scores(0.9)]),
            scratch_seeds=np.stack([scores(0.85), scores(0.85)]),
            constant=np.tile(np.eye(CLASSES)[0], (m, 1)),
            constant_class="0",
            slices={"class": y.astype(np.str_)},
            allowance=unworn(m, alpha=0.05),
            leakage=Leakage(test_rows=m, off=True),
        )
        config = GateConfig(slices=(Slice(by="class"),))
        found.append(({"m": m}, cpu(lambda evidence=evidence, config=config: decide(evidence, config))))
    return {"gate": found[1:]}


def _opening(number: int) -> Any:
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.entries import Opening

    return Opening(
        model="reader",
        decision_id=f"{number:064x}",
        comparison=f"{number:064x}",
        config=LedgerConfig(horizon=10_000),
        alpha=0.05,
        min_test_rows=30,
    )


def _prints(m: int, seed: int) -> np.ndarray:
    return np.frombuffer(np.random.default_rng(seed).bytes(16 * m).hex().encode(), dtype="S32")


def ledger(sizes: Sizes) -> dict[str, list[Point]]:
    """Opening test rows in a SQLite ledger: by fresh rows, and by the entries that are there already; seconds of the wall.

    Entries: a thousand rows that were used once before, among ``e`` openings of other test sets, each closed again.
    """
    import sqlalchemy as sa

    from ntgate.ledger.ledger import Ledger
    from ntgate.ledger.tables import ENTRIES
    from ntgate.ledger.transaction import writing

    found: dict[str, list[Point]] = {"ledger open": [], "ledger bytes": [], "ledger by entries": []}
    with tempfile.TemporaryDirectory() as name:
        for i, m in enumerate((100, *sizes.judged)):
            file = Path(name) / f"{i}.db"
            book, prints = Ledger(f"sqlite:///{file}"), _prints(m, i)
            book.open(_opening(0), _prints(1000, 99))  # creates the tables
            before = file.stat().st_size
            began = time.perf_counter()
            book.open(_opening(1), prints)
            if i:  # the first pays for imports
                found["ledger open"].append(({"m": m}, time.perf_counter() - began))
                found["ledger bytes"].append(({"m": m}, file.stat().st_size - before))
        file, prints, present = Path(name) / "entries.db", _prints(1000, 1), 0
        book = Ledger(f"sqlite:///{file}")
        book.open(_opening(0), prints)
        entry: dict[str, Any] = {
            "model": "other",
            "comparison": "0" * 64,
            "decision_id": "0" * 64,
            "policy": "spend",
            "alpha": 0.01,
            "horizon": 100,
            "withheld": True,
            "dry_run": False,
            "row_set": 10**9,
            "at": "2026-01-01T00:00:00+00:00",
        }
        for number, e in enumerate(sizes.entries):
            with writing(book.uri, 10) as connection:
                last = connection.scalar(sa.select(sa.func.max(ENTRIES.c.id)))
                more = range(last + 1, last + 1 + 2 * (e - present), 2)
                for kind, shift in (("opened", 0), ("closed", 1)):
                    connection.execute(
                        sa.insert(ENTRIES),
                        [
                            {
                                **entry,
                                "id": one + shift,
                                "kind": kind,
                                "opening": one if shift else None,
                                "outcome": "rejected" if shift else None,
                            }
                            for one in more
                        ],
                    )
            present = e
            seconds = []
            for again in range(2):
                began = time.perf_counter()
                book.open(_opening(10 + 2 * number + again), prints)
                seconds.append(time.perf_counter() - began)
            found["ledger by entries"].append(({"e": e}, min(seconds)))
    return found


@contextmanager
def write_lock() -> Iterator[list[float]]:
    """In a list of one: the seconds in which a connection of SQLAlchemy kept SQLite's write lock, from a change to its commit."""
    import sqlalchemy as sa
    from sqlalchemy.engine.default import DefaultDialect

    held, since = [0.0], {}

    def changes(connection: Any, cursor: Any, statement: str, *_: object) -> None:  # noqa: ARG001
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            since.setdefault(id(connection.connection.dbapi_connection), time.perf_counter())

    def ending(end: Callable[..., None]) -> Callable[..., None]:
        def ended(self: Any, connection: Any) -> None:
            end(self, connection)
            began = since.pop(id(getattr(connection, "dbapi_connection", connection)), None)
            held[0] += 0.0 if began is None else time.perf_counter() - began

        return ended

    ends = {name: getattr(DefaultDialect, name) for name in ("do_commit", "do_rollback")}
    sa.event.listen(sa.Engine, "before_cursor_execute", changes)
    for name, end in ends.items():
        setattr(DefaultDialect, name, ending(end))
    try:
        yield held
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", changes)
        for name, end in ends.items():
            setattr(DefaultDialect, name, end)


def registry(sizes: Sizes) -> dict[str, float]:
    """Recording and promoting runs of four arms in MLflow on SQLite, one after another; means of all but the first."""
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import fit_encoder
    from ntgate.export.onnx_export import export_onnx
    from ntgate.export.runtime import input_schema, load_proto
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig
    from ntgate.registry.promotion import PromotionRequest, promote
    from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, RunRecord
    from ntgate.registry.tracking import record
    from ntgate.training.config import Mlp, NetworkSpec
    from ntgate.training.curve import CurvePoint
    from ntgate.training.network import build

    d, names = 64, tuple(map(str, range(CLASSES)))
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "model.onnx"
        network = build(NetworkSpec(backbone=Mlp(), input_shape=(d,), classes=CLASSES), 0)
        export_onnx(network, fit_encoder(Domain("test", *rows(10, d, 0), names)), path, classes=names)
        model = ModelRecord(path=path, proto=load_proto(path), inputs=input_schema(path), classes=names)
        curve = [CurvePoint(step=i, train_loss=1.0, validation_loss=1.0, validation=0.5) for i in range(20)]
        data = [DatasetRecord(part, "0" * 64, 100, part, "x.npz") for part in ("source", "train", "validation", "test")]
        file = folder / "mlflow.db"
        known = connect(RegistryConfig(uri=f"sqlite:///{file}"), "reader")
        measured: list[dict[str, float]] = []
        champion = None
        for number in range(sizes.recorded):
            arms = [
                CandidateRecord(
                    strategy,
                    dict.fromkeys("abcdefgh", 1),
                    {"validation_score": 0.9, "seconds": 1.0},
                    curve,
                    model=model if i < 2 else None,
                    tags={"ntgate.outcome": "promoted"},
                )
                for i, strategy in enumerate(("fine_tuning", "scratch", "domain_adversarial", "feature_extraction"))
            ]
            run = RunRecord(
                f"run {number}", "note", {f"p{i}": i for i in range(60)}, {f"m{i}": 0.5 for i in range(10)}, {}, data, arms, []
            )
            now: dict[str, float] = {"database": -file.stat().st_size}
            with write_lock() as held:
                began, clock = time.perf_counter(), time.process_time()
                done = record(known, run)
                now |= {"record": time.perf_counter() - began, "record cpu": time.process_time() - clock}
            now["record writing"] = held[0]
            request = PromotionRequest(
                decision_id=f"{number}",
                champion_seen=champion,
                run_id=done.runs["fine_tuning"],
                model_id=done.models["fine_tuning"],
                description="",
            )
            with write_lock() as held:
                began, clock = time.perf_counter(), time.process_time()
                champion = promote(known, request)
                now |= {"promote": time.perf_counter() - began, "promote cpu": time.process_time() - clock}
            now["promote writing"] = held[0]
            now["database"] += file.stat().st_size
            measured.append(now)
        files = [entry.stat().st_size for entry in (folder / "mlartifacts").rglob("*") if entry.is_file()]
    counted = measured[1:]
    means = {key: sum(one[key] for one in counted) / len(counted) for key in counted[0]}
    return {**means, "artifacts": sum(files) / len(measured)}


def whole_runs(sizes: Sizes) -> dict[str, Any]:
    """What small runs leave on disk by source rows and columns; and one run of the command line, for what every run costs.

    Trained is for 40 steps, so that what is left of the CPU seconds is what does not depend on the data: start, imports, export,
    reports, the Evidently page in its own process, record and promotion.
    """
    from ntgate.flow import run

    short: dict[str, Any] = {"gate": {"seeds": 1}, "training": {"steps": 40, "source_steps": 40}}
    kept: list[Point] = []
    for n, d in ((1000, 16), (sizes.rows[1], sizes.widths[1])):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            run(config_of(folder, n, d, 600, shift={"max_rows": 500, "evidently": False}, **short))
            kept.append(({"n": n, "d": d}, _bytes(folder / "runs")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config_of(folder, 1000, 16, 600)
        content = {
            "model": {"name": "reader"},
            "registry": {"uri": "sqlite:///mlflow.db"},
            **short,
            "data": {part: {"path": f"{part}.npz"} for part in ("source", "target", "target_test")},
        }
        (folder / "config.json").write_text(json.dumps(content))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "ntgate", "run", str(folder / "config.json"), "--inline", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 3, 4):
            sys.exit(done.stderr)
        command = {
            "wall": wall,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "memory": 1024.0 * after.ru_maxrss,
            "folder": _bytes(folder / "runs"),
            "artifacts": _bytes(folder / "mlartifacts"),
            "database": (folder / "mlflow.db").stat().st_size,
        }
    return {"run bytes": kept, "command": command}


def _bytes(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())


def everything(sizes: Sizes, tell: Callable[[str], None]) -> dict[str, Any]:
    """All measurements by name."""
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    parts: Sequence[Callable[[Sizes], dict[str, Any]]] = (ingest_and_drift, mmd, steps, shipped, gate, ledger, registry, whole_runs)
    for part in parts:
        began = time.perf_counter()
        answer = part(sizes)
        found |= {"registry": answer} if part is registry else answer
        tell(f"{part.__name__}: {time.perf_counter() - began:.0f} s")
    return found
