"""Ingest: files to verified, split, fingerprinted domains in the run's folder."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.data.copies import Copies
from ntgate.data.domain import Domain, Ints, TrainingView
from ntgate.data.leakage import Leakage
from ntgate.data.specs import SourceSpec
from ntgate.errors import ConfigError, DataError, DataErrors
from ntgate.stages.place import Place
from ntgate.stages.run_file import write_run_file

TARGETS = ("target", "train", "validation", "unlabelled")  # parts that hold target rows, all but the test rows


class Ingested(Frozen):
    """The domains of a run on disk.

    Attributes:
        directory: the run's folder, or its address; the last part is the run's name.
        began: start of the run, seconds since the epoch.
        parts: the stored domains by part: ``source``, ``train``, ``validation``, ``test``, and ``unlabelled`` where there is
            one; for a drift check ``source``, ``target`` and ``unlabelled``.
        rows: number of rows by part.
        fingerprints: content fingerprint by part.
        source_classes: class names of the source.
        target_classes: class names of the target; none for a drift check, which looks at no labels.
        kind: ``array``, ``table`` or ``images``.
        leakage: what the test rows share with the other parts; None for a drift check, which has no test rows.
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
        return TrainingView(self.part("source"), self.part("train"), self.part("validation"), unlabelled)

    @property
    def judged(self) -> str:
        """The part that the gate judges by: the test rows, or where there are none all labelled target rows, fold by fold."""
        return "test" if "test" in self.parts else "cross_fitted"

    def targets(self) -> list[Domain]:
        """The target rows by part, all but the test rows."""
        return [self.part(name) for name in TARGETS if name in self.parts]


def read_domains(config: RunConfig) -> tuple[dict[str, Domain], Leakage]:
    """Read, align and split the domains of ``config``, take copies of test rows out of the others, and compare what is left.

    Returns:
        The parts by name, and what the test rows share with those that training may see.

    Raises:
        DataError: when a file cannot be read, or the rows cannot bear a comparison.
    """
    from ntgate.data.align import align
    from ntgate.data.copies import without_copies

    data = config.data
    given = {name: getattr(data, name) for name in ("source", "target", "target_test", "unlabelled")}
    found = _read_all(given, labelled=("source", "target", "target_test"), recorded=("target", "target_test"))
    source = found.pop("source")
    aligned = {name: align(source, domain) for name, domain in found.items()}
    unlabelled = {"unlabelled": aligned.pop("unlabelled")} if "unlabelled" in aligned else {}
    read_in = aligned
    labelled = {name: _counted(domain) for name, domain in read_in.items()}
    again = {name: len(read_in[name]) - len(domain) for name, domain in labelled.items()}
    domains = {"source": source, **_divided(config, **labelled), **unlabelled}
    domains, copies = without_copies(
        domains, {name: count for name, count in again.items() if count}, one_file=data.target_test is None
    )
    config.gate.metric.of_classes(next(iter(labelled.values())).classes)
    return domains, _leakage_of(config, domains, copies)


def _counted(domain: Domain) -> Domain:
    """Labelled rows, each of them once where their file stands in itself, with the judgement whether equal ones are draws."""
    from ntgate.data.repeats import drawn, standing_once

    once = standing_once(domain)
    return replace(once, drawn=once.ids is None and drawn(once))


def _divided(config: RunConfig, target: Domain, target_test: Domain | None = None) -> dict[str, Domain]:
    """The labelled target rows by their use."""
    from ntgate.data.splits import split_target

    if config.gate.cross_fitting is not None:
        return _cross_fitted(config, target)
    split = split_target(target, target_test, config.data.split, config.seed)
    return {"train": split.train, "validation": split.validation, "test": split.test}


def _read_all(
    given: Mapping[str, SourceSpec | None], *, labelled: Collection[str], recorded: Collection[str] = ()
) -> dict[str, Domain]:
    """The domains by name, all of them read before what is wrong with any is told.

    Raises:
        DataError: when a file cannot be read; :class:`~ntgate.errors.DataErrors` when it is more than one thing.
    """
    from ntgate.data.readers import read

    found: dict[str, Domain] = {}
    problems: dict[str, DataError] = {}
    for name, spec in given.items():
        if spec is None:
            continue
        try:
            found[name] = read(spec, name, labelled=name in labelled, recorded=name in recorded)
        except DataError as error:
            problems.setdefault(str(error), error)  # two domains may lie in one file
    if problems:
        wrong = list(problems.values())
        raise wrong[0] if len(wrong) == 1 else DataErrors(wrong)
    return found


def _cross_fitted(config: RunConfig, target: Domain) -> dict[str, Domain]:
    """All labelled target rows to train what is shipped, and once more as a whole, to be held out fold by fold."""
    from ntgate.data.folds import folds
    from ntgate.data.splits import split_training

    assert config.gate.cross_fitting is not None
    folds(target, config.gate.cross_fitting.folds, config.seed)  # refused now rather than after the training
    train, validation = split_training(target, config.data.split, config.seed)
    return {
        "train": train,
        "validation": validation,
        "cross_fitted": target.take(np.arange(len(target)), "cross_fitted"),
    }


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
    train, validation = split_training(
        whole.take(np.flatnonzero(fold != held)), config.data.split, config.seed + repeat
    )
    parts = {name: save(part, folder / "data" / name) for name, part in (("train", train), ("validation", validation))}
    return ingested.model_copy(update={"parts": {**ingested.parts, **parts}})


def _leakage_of(config: RunConfig, domains: dict[str, Domain], copies: Copies) -> Leakage:
    """What the test rows share with the parts that training may see.

    Raises:
        DataError: when it is more than a comparison can bear.
    """
    from ntgate.data.leakage import find_leakage
    from ntgate.data.slices import slice_keys

    for part in config.gate.slices:  # refused now rather than after the training
        slice_keys(domains.get("test", domains["train"]), part.by)
    if "cross_fitted" in domains:  # whose rows train and test each other's folds, but never their own
        held = {name: domain for name, domain in domains.items() if name in ("source", "unlabelled")}
        domains = {**held, "test": domains["cross_fitted"]}
    return find_leakage(domains, config.data.near_duplicates, config.seed, copies)


def read_for_drift(config: RunConfig) -> dict[str, Domain]:
    """Read and align the rows of a drift check: the source, the target and, if given, the unlabelled rows.

    A column that holds numbers in one table and text in the other is compared as far as it can be, and told in the report. Labels
    of the target are not looked at, so that fresh rows can be checked before anybody has labelled them; and with
    nothing to be judged, nothing is split off and ``target_test`` is not read.

    Raises:
        DataError: when a file cannot be read, or the rows cannot be compared.
    """
    from ntgate.data.align import align

    given = {name: getattr(config.data, name) for name in ("source", "target", "unlabelled")}
    found = _read_all(given, labelled=("source",))
    source = found.pop("source")
    return {"source": source, **{name: align(source, domain, kinds=False) for name, domain in found.items()}}


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
    domains, leakage = read_domains(config)
    check_space(config, domains)
    check_fit(config, domains)
    return _stored(config, place, domains, leakage, began, clock, "run")


def ingest_for_drift(config: RunConfig, place: Place) -> Ingested:
    """Bring the rows of a drift check into the folder of a new run.

    Raises:
        DataError: when a file cannot be read, or the rows cannot be compared.
    """
    began, clock = time.time(), time.perf_counter()
    return _stored(config, place, read_for_drift(config), None, began, clock, "drift")


def _stored(
    config: RunConfig,
    place: Place,
    domains: dict[str, Domain],
    leakage: Leakage | None,
    began: float,
    clock: float,
    kind: Literal["run", "drift"],
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
        source_classes=domains["source"].classes,
        target_classes=domains["train"].classes if "train" in domains else (),
        kind=domains["source"].kind,
        leakage=leakage,
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
        raise ConfigError(
            "output",
            expected=f"a folder that can be written, {folder.parent.parent}",
            got=error.strerror or str(error),
            fix="set output",
        ) from error
