"""Ingest: the domains of a run, stored in its folder with their fingerprints."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.data.column_seen import Reading
from ntgate.data.domain import Domain, Ints, TrainingView, no_rows_like
from ntgate.data.leakage import Leakage
from ntgate.errors import ConfigError
from ntgate.machine import machine_fault
from ntgate.stages.domains import read_domains, read_for_drift
from ntgate.stages.place import Place
from ntgate.stages.run_file import write_run_file
from ntgate.training.config import Transformers

TARGETS = ("target", "train", "validation", "unlabelled")  # parts that hold target rows, all but the test rows


class Ingested(Frozen):
    """The domains of a run on disk.

    Attributes:
        directory: the run's folder, or its address; the last part is the run's name.
        began: start of the run, seconds since the epoch.
        parts: the stored domains by part: ``source`` where it has rows, ``train``, ``validation``, ``test``, and ``unlabelled``
            where there is one; for a drift check ``source``, ``target`` and ``unlabelled``.
        rows: number of rows by part.
        fingerprints: content fingerprint by part, of the ``weights`` that existed before the run, and of what a
            transformer's folder says of its model beside them, ``backbone``.
        source_classes: class names of the source; none where it has no rows.
        target_classes: class names of the target; none for a drift check, which looks at no labels.
        kind: ``array``, ``table`` or ``images``.
        leakage: what the test rows share with the other parts; None for a drift check, which has no test rows.
        reading: how columns, labels and pictures are read; of a drift check, which compares what it finds, notes on pictures alone.
        seconds: wall time.
    """

    directory: str
    began: float
    parts: dict[str, Artifact]
    rows: dict[str, int]
    fingerprints: dict[str, str]
    source_classes: tuple[str, ...]
    target_classes: tuple[str, ...]
    kind: str
    leakage: Leakage | None = None
    reading: Reading | None = None
    seconds: float

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        return {"rows": self.rows, "fingerprints": self.fingerprints, "directory": self.directory}

    @property
    def run(self) -> str:
        """The run's name."""
        return PurePosixPath(self.directory).name

    def part(self, name: str) -> Domain:
        """One stored domain."""
        from ntgate.data.storage import load

        return load(self.parts[name])

    def view(self) -> TrainingView:
        """All that training may see: every part but the test rows."""
        unlabelled = self.part("unlabelled") if "unlabelled" in self.parts else None
        train = self.part("train")
        source = self.part("source") if self.has_source else no_rows_like(train, "source")
        return TrainingView(source, train, self.part("validation"), unlabelled)

    @property
    def has_source(self) -> bool:
        """Whether there are source rows; without them a model that exists is what transfer starts from."""
        return "source" in self.parts

    @property
    def judged(self) -> str:
        """The part that the gate judges by: the test rows, or where there are none all labelled target rows, fold by fold."""
        return "test" if "test" in self.parts else "cross_fitted"

    def targets(self) -> list[Domain]:
        """The target rows by part, all but the test rows."""
        return [self.part(name) for name in TARGETS if name in self.parts]


def held_out(config: RunConfig, folder: Path, ingested: Ingested, fold: Ints, held: int, repeat: int) -> Ingested:
    """The run as if the rows of one fold were its test rows: trained on all others.

    Args:
        config: the run.
        folder: takes the other rows.
        ingested: the whole run.
        fold: the fold ``(n,)`` of every cross-fitted row.
        held: the fold to hold out.
        repeat: number of the division into folds.
    """
    from ntgate.data.splits import split_training
    from ntgate.data.storage import save

    whole = ingested.part("cross_fitted")
    train, validation = split_training(whole.take(np.flatnonzero(fold != held)), config.data.split, config.seed + repeat)
    parts = {name: save(part, folder / "data" / name) for name, part in (("train", train), ("validation", validation))}
    return ingested.model_copy(update={"parts": {**ingested.parts, **parts}})


def ingest(config: RunConfig, place: Place) -> Ingested:
    """Bring the domains of ``config`` into the folder of a new run.

    Raises:
        ConfigError: when the disk has no room for them.
        DataError: when a file cannot be read, or the rows cannot bear a comparison.
        ModelError: when the backbone or the checkpoint does not fit the rows.
    """
    from ntgate.ledger.place import ledger_uri
    from ntgate.stages.fits import check_fit, check_space

    began, clock = time.time(), time.perf_counter()
    ledger_uri(config.gate.ledger, config.registry.uri)  # refused now rather than after the training
    rows = read_domains(config)
    check_space(config, rows.domains)
    loaded = check_fit(config, rows.domains)
    stored = _stored(config, place, rows.domains, began, clock, "run")
    existing = {} if loaded is None else {"weights": loaded.digest}
    if isinstance(config.model.backbone, Transformers):
        from ntgate.training.weight_files import described

        existing["backbone"] = described(Path(config.model.backbone.path))
    told = {"leakage": rows.leakage, "reading": rows.reading, "fingerprints": {**stored.fingerprints, **existing}}
    return stored.model_copy(update=told)


def ingest_for_drift(config: RunConfig, place: Place) -> Ingested:
    """Bring the rows of a drift check into the folder of a new run.

    Raises:
        DataError: when a file cannot be read, or the rows cannot be compared.
    """
    began, clock = time.time(), time.perf_counter()
    domains, reading = read_for_drift(config)
    return _stored(config, place, domains, began, clock, "drift").model_copy(update={"reading": reading})


def _stored(
    config: RunConfig, place: Place, domains: dict[str, Domain], began: float, clock: float, kind: Literal["run", "drift"]
) -> Ingested:
    from ntgate.data.fingerprint import fingerprint
    from ntgate.data.storage import save

    _make(place.folder / "data")
    write_run_file(place, config, kind, began)
    parts = {name: save(domain, place.folder / "data" / name) for name, domain in domains.items()}
    if place.store is None:
        _share(place.folder, parts)
    return Ingested(
        directory=place.address,
        began=began,
        parts=parts,
        rows={name: len(domain) for name, domain in domains.items()},
        fingerprints={name: fingerprint(domain) for name, domain in domains.items()},
        source_classes=domains["source"].classes if "source" in domains else (),
        target_classes=domains["train"].classes if "train" in domains else (),
        kind=next(iter(domains.values())).kind,
        seconds=time.perf_counter() - clock,
    )


def _share(folder: Path, parts: dict[str, Artifact]) -> None:
    """Rows that the run before stored too, as a source that never changes, are kept once."""
    from ntgate.data.same_file import shared_with

    try:  # by time and not by name: runs of one second are told apart by random digits
        others = {run: run.stat().st_mtime_ns for run in folder.parent.iterdir() if run != folder}
    except OSError:  # somebody tidies up
        return
    if others:
        before = max(others, key=others.__getitem__)
        for part in parts.values():
            path = Path(part.path)
            shared_with(path, before / "data" / path.name)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise machine_fault(error) or ConfigError(
            "output",
            expected=f"a folder that can be written, {folder.parent.parent}",
            got=error.strerror or str(error),
            fix="set output",
        ) from error
