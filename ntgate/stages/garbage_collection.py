"""Collect: what runs left and nobody needs, in their folders and in the registry, found and, where that is wanted, deleted."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ntgate.base import Frozen
from ntgate.stages.left_tables import left_tables
from ntgate.stages.run_folders import RunFolder, folder_size, run_folders

if TYPE_CHECKING:
    from ntgate.registry.client import Registry
    from ntgate.registry.garbage import Garbage, Needed, Retention, Survey


class Item(Frozen):
    """One thing that goes.

    Attributes:
        kind: a run in MLflow with all that hangs on it, a run's folder, or a table that :func:`ntgate.run` wrote down.
        model: the registered model; empty for a table, which runs of several may have read.
        id: of the MLflow run, the folder or the file.
        began: when its run began, or the table was last read, in UTC, as ISO 8601.
        versions: of the model that go with it.
        bytes: of its files.
        deleted: whether it is gone.
    """

    kind: Literal["mlflow", "folder", "table"]
    model: str
    id: str
    began: str
    versions: tuple[str, ...] = ()
    bytes: int = 0
    deleted: bool = False


class Collected(Frozen):
    """What was found.

    Attributes:
        items: what goes.
        kept: how many runs and folders stay, by reason.
        notes: what was not looked at, or could not be known.
    """

    items: tuple[Item, ...] = ()
    kept: dict[str, int] = {}
    notes: tuple[str, ...] = ()


def collect(
    registry: Registry,
    retention: Retention,
    places: tuple[Path, ...] = (),
    *,
    name: str | None = None,
    ledger: str | None = None,
    delete: bool = False,
) -> Collected:
    """Find what nobody needs, and delete it where that is said.

    Args:
        registry: any connection to it.
        retention: how long what nobody needs is kept.
        places: folders that configs name as ``output``.
        name: the one registered model to look at, and at no table; None: all of them.
        ledger: the address of the ledger; None: the registry's own database, where it is one.
        delete: else nothing is changed.

    Raises:
        ConfigError: when a place is no folder.
        RegistryError: when the registry, its store of artifacts or the ledger does not answer.
    """
    from ntgate.registry.garbage import survey

    places = tuple({place.resolve(): place for place in places}.values())
    folders = [folder for place in places for folder in run_folders(place, name)]
    needed, notes = _needed(registry, folders, ledger)
    found = survey(registry, retention, needed, name)
    items = [_mlflow(registry, one, retention, delete=delete) for one in found.garbage]
    kept = found.kept + Counter({"needed, by the time that it was to go": sum(delete and not item.deleted for item in items)})
    seen: Counter[str] = Counter()
    going = set()
    for folder in folders:
        seen[folder.model] += 1
        reason = _folder_kept(folder, retention, found, rank=seen[folder.model])
        if reason is None:
            items.append(_folder(folder, delete=delete))
            going.add(folder.path)
        else:
            kept[reason] += 1
    tables = [] if name is not None else [table for place in places for table in left_tables(place, going, retention.days)]
    items += [_table(table, delete=delete) for table in tables]
    return Collected(items=tuple(items), kept=dict(+kept), notes=notes)


def _needed(registry: Registry, folders: list[RunFolder], ledger: str | None) -> tuple[Needed, tuple[str, ...]]:
    """What the ledger and the folders say is not decided yet."""
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.ledger import Ledger
    from ntgate.ledger.place import ledger_uri
    from ntgate.registry.garbage import Needed

    place = ledger or ledger_uri(LedgerConfig(policy="none"), registry.config.uri)
    entries = [] if place is None else Ledger(place, registry.config.timeout_seconds).entries()
    closed = {entry.opening for entry in entries if entry.kind == "closed"}
    going = {entry.decision_id for entry in entries if entry.kind == "opened" and entry.id not in closed}
    notes = []
    if place is None:
        notes.append("the ledger was not asked, which a server lends to nobody: no inconclusive run goes; --ledger names it")
    if not folders:
        notes.append("no run's folder was looked at; --runs names where they are")
    asked = [folder for folder in folders if folder.open]
    decisions = going | {folder.decision_id for folder in asked if folder.decision_id}
    runs = {folder.run_id for folder in asked if folder.run_id}
    return Needed(frozenset(decisions), frozenset(runs), known=place is not None), tuple(notes)


def _mlflow(registry: Registry, garbage: Garbage, retention: Retention, *, delete: bool) -> Item:
    from ntgate.registry.removal import remove, size

    info = garbage.run.info
    item = Item(
        kind="mlflow",
        model=garbage.model,
        id=info.run_id,
        began=_moment(info.start_time / 1000),
        versions=garbage.versions,
        bytes=size(registry, garbage),
    )
    return item.model_copy(update={"deleted": remove(registry, garbage, retention)}) if delete else item


def _folder(folder: RunFolder, *, delete: bool) -> Item:
    path = str(folder.path)
    item = Item(kind="folder", model=folder.model, id=path, began=_moment(folder.began), bytes=folder_size(folder.path))
    if delete:
        shutil.rmtree(folder.path)
    return item.model_copy(update={"deleted": delete})


def _table(path: Path, *, delete: bool) -> Item:
    told = path.stat()
    if delete:
        path.unlink()
    return Item(kind="table", model="", id=str(path), began=_moment(told.st_mtime), bytes=told.st_size, deleted=delete)


def _folder_kept(folder: RunFolder, retention: Retention, found: Survey, *, rank: int) -> str | None:
    """Why a folder stays; None: nothing keeps it."""
    needed = folder.run_id in found.needed_runs or folder.decision_id in found.needed_decisions
    for stays, reason in (
        (needed or folder.open, "needed"),
        (rank <= retention.runs, "among the latest"),
        (time.time() - folder.began < retention.days * 24 * 3600, "young"),
    ):
        if stays:
            return reason
    return None


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
