"""Preflight: what would stop a run late, looked for before anything is trained or opened."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ntgate.config import RunConfig
from ntgate.errors import ConfigError, DataError, NtgateError
from ntgate.extras import RUN, lacking, require
from ntgate.gate.config import GateConfig, rows_that_can_show
from ntgate.stages.ingest import Ingested, ingest
from ntgate.stages.place import Place
from ntgate.stages.plan import foreseen
from ntgate.stages.second_process import ALONE, Crew
from ntgate.transport import cache, check_reachable, remote

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.registry.client import Registry
    from ntgate.training.loaded import Loaded

T = TypeVar("T")


def check_places(config: RunConfig, *, dry_run: bool = False) -> None:
    """Make sure that what a run writes to is there: its folder, the registry and the artifact store. No row is read.

    Args:
        config: the run.
        dry_run: write nothing to the registry, nor to its artifact store.

    Raises:
        ConfigError: when the folder cannot be written to, or there is no database for the ledger.
        RegistryError: when the registry or its artifact store does not answer.
    """
    from ntgate.ledger.place import ledger_uri
    from ntgate.registry.artifact_store import check_place, check_store

    ledger_uri(config.gate.ledger, config.registry.uri)
    check_output(config)
    registry, place = _registry(config, create=False), config.registry.artifact_location
    if dry_run:
        return
    if registry is not None:
        check_store(registry, create=True)
    elif place is not None:  # the SQLite file comes when the data have been read: a refusal leaves none behind
        check_place(config.registry.resolved(), place, config.registry.experiment or config.model.name)


def ingest_where_it_can_end(config: RunConfig, place: Place, *, dry_run: bool = False, crew: Crew = ALONE) -> Ingested:
    """Ingest, once everything that the run will write to has answered; a ``crew`` is told how long training may take."""
    check_places(config, dry_run=dry_run)
    ingested = ingest(config, place)
    if crew.helped:
        crew.expect(config, foreseen(config, ingested), ingested.rows.get("source", 0))
    return ingested


def extras_of(config: RunConfig) -> tuple[str, ...]:
    """The extras that a run of ``config`` needs."""
    from ntgate.training.config import Transformers

    return (*RUN, "transformers") if isinstance(config.model.backbone, Transformers) else RUN


def check_output(config: RunConfig) -> None:
    """Make sure that the run's folder can be made.

    Raises:
        ConfigError: when it cannot.
        StoreError: when it is to lie in a store that does not answer.
    """
    if remote(config.output):
        check_reachable(config.output)
    folder = disk(config)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            "output",
            expected=f"a folder that can be written, {cache() if remote(config.output) else config.output}",
            got=f"{folder}, which is {'read-only' if folder.is_dir() else 'a file'}",
            fix="set NTGATE_CACHE" if remote(config.output) else "set output",
        )


def disk(config: RunConfig) -> Path:
    """The folder where a run writes: the output, or where that is a store the cache; or the nearest one above it that exists."""
    path = cache() if remote(config.output) else Path(config.output)
    return next(place for place in (path, *path.parents) if place.exists())


def faults(config: RunConfig, domains: dict[str, Domain] | None) -> tuple[list[NtgateError], Loaded | None]:
    """All that would stop a run of ``config``, beside its data; what is written to the artifact store for that is deleted again.

    With it comes what existing weights give to the backbone.

    Args:
        config: the run.
        domains: its data; None where they could not be read.
    """
    from ntgate.registry.artifact_store import check_place, check_store
    from ntgate.stages.champion import check_champion
    from ntgate.stages.fits import check_fit, check_space
    from ntgate.stages.same_ledger import ledger_of, same_ledger

    found: list[NtgateError] = []
    loaded: Loaded | None = None

    def tried(check: Callable[[], T]) -> T | None:
        try:
            return check()
        except NtgateError as error:
            found.append(error)
            return None

    tried(lambda: check_output(config))
    if domains is not None:
        judged = domains["cross_fitted" if "cross_fitted" in domains else "test"]
        tried(lambda: check_rows(config.gate, len(judged)))
        tried(lambda: check_space(config, domains))
    if wanted := lacking(*extras_of(config)):  # neither backbone nor registry can be looked at
        tried(lambda: require("a run", *wanted))
        return found, loaded
    if domains is not None:
        loaded = tried(lambda: check_fit(config, domains))
    registry, place = tried(lambda: _registry(config, create=False)), config.registry.artifact_location
    if registry is None:
        if place is not None:
            tried(lambda: check_place(config.registry.resolved(), place, config.registry.experiment or config.model.name))
        ledger = tried(lambda: ledger_of(config))
        if ledger is not None and config.gate.ledger.uri is not None:  # else it is the registry's own database
            tried(lambda: ledger.identity(create=False))
        return found, loaded
    tried(lambda: check_store(registry, create=False))
    tried(lambda: same_ledger(config, registry, dry_run=True))
    if domains is not None:
        with tempfile.TemporaryDirectory() as folder:
            tried(lambda: check_champion(config, registry, domains["train"], Path(folder)))
    return found, loaded


def check_rows(gate: GateConfig, n: int) -> None:
    """Make sure that a candidate could pass on so many test rows at all.

    Raises:
        DataError: where not even one that wins every row would.
    """
    if gate.ledger.policy == "e_process":  # fresh rows are still to come
        return
    crossed, level = gate.cross_fitting, gate.level
    needed = rows_that_can_show(level, gate.margin / gate.metric.span, doubled=crossed is not None and crossed.repeats > 1)
    if n < needed:
        raise DataError(
            "test rows",
            expected=f"at least {needed} at level {level:.3g}: on fewer not even a candidate that wins every row can pass",
            got=str(n),
            fix="label more rows of the target, or set a shorter gate.ledger.horizon, or another gate.ledger.budget",
        )


def _registry(config: RunConfig, *, create: bool) -> Registry | None:
    """The registry; None where it is a SQLite file that is not there yet and nobody may ``create``."""
    from ntgate.registry.client import connect, exists
    from ntgate.registry.faults import translated
    from ntgate.registry.reachability import reach

    if create or exists(config.registry):
        return connect(config.registry, config.model.name)
    resolved = config.registry.resolved()
    try:
        reach(resolved)
    except OSError:
        with translated(resolved):  # which imports MLflow: no need for it where all is well
            raise
    return None
