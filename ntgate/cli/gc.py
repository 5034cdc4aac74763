"""``ntgate gc``: an end to what runs left and nobody needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import model_name, with_json, with_uri

if TYPE_CHECKING:
    from ntgate.stages.garbage_collection import Collected

_MOST = 20  # things listed one by one


@click.command(short_help="Delete what old runs left and nobody needs; by default only say what that is.")
@click.argument("name", required=False, callback=model_name)
@with_uri
@click.option("--runs", multiple=True, type=click.Path(path_type=Path), help="A folder that configs name as output.")
@click.option("--ledger", help="The ledger's address, where it is not in the registry's database.")
@click.option("--keep-days", default=90.0, show_default=True, type=click.FloatRange(min=0), help="Younger runs stay.")
@click.option(
    "--keep-runs", default=20, show_default=True, type=click.IntRange(min=1), help="Of each model the latest so many stay."
)
@click.option(
    "--keep-rollbacks", default=5, show_default=True, type=click.IntRange(min=1), help="So many champions before this one stay."
)
@click.option("--yes", is_flag=True, help="Delete it; else nothing is changed.")
@with_json
def gc(
    name: str | None,
    uri: str,
    runs: tuple[Path, ...],
    ledger: str | None,
    keep_days: float,
    keep_runs: int,
    keep_rollbacks: int,
    yes: bool,
    as_json: bool,
) -> int:
    """Find what runs of the registered model NAME, or of all models, left and nobody needs; with --yes it is deleted.

    A run in MLflow goes as a whole, with its arms, models, versions and artifacts, and a run's folder with all that is in it;
    without NAME, tables too that ntgate.run was given in memory and no folder names any more. Never does what a champion, the
    champions before it, an alias, an approval, an open decision of the ledger or labels that were asked for need, nor what ntgate
    did not make. The ledger itself is kept for ever.
    """
    from ntgate.cli.registry import existing
    from ntgate.registry.garbage import Retention
    from ntgate.stages.garbage_collection import collect

    retention = Retention(days=keep_days, runs=keep_runs, rollbacks=keep_rollbacks)
    found = collect(existing(name or "", uri), retention, runs, name=name, ledger=ledger, delete=yes)
    if as_json:
        total = sum(item.bytes for item in found.items if item.deleted or not yes)
        console.answer({"schema": 1, "dry_run": not yes, "bytes": total, **found.model_dump(mode="json")})
    else:
        console.answer("\n".join(_lines(found, done=yes)))
    return 0


def _lines(found: Collected, *, done: bool) -> list[str]:
    going = [item for item in found.items if item.deleted or not done]
    lines = []
    for item in going[:_MOST]:
        beside = f" with version {', '.join(item.versions)}" if item.versions else ""
        called = f"run {item.id}{beside} in MLflow" if item.kind == "mlflow" else item.id
        lines.append(f"  {item.began[:10]}  {item.model or 'a table'}: {called}, {shown(item.bytes)}")
    if len(going) > _MOST:
        lines.append(f"  and {len(going) - _MOST:,} more (--json lists all)")
    runs, folders, tables = ([item for item in going if item.kind == kind] for kind in ("mlflow", "folder", "table"))
    versions, total = sum(len(item.versions) for item in runs), shown(sum(item.bytes for item in going))
    beside = f" and {len(tables):,} tables" if tables else ""
    what = f"{len(runs):,} runs in MLflow with {versions:,} versions, and {len(folders):,} folders{beside}: {total}"
    if not going:
        lines.append("nothing to delete")
    else:
        lines.append(f"deleted {what}" if done else f"nothing was changed; --yes would delete {what}")
    if found.kept:
        lines.append(f"kept: {'; '.join(f'{count:,} {reason}' for reason, count in sorted(found.kept.items()))}")
    return [*lines, *(f"note: {note}" for note in found.notes)]


def shown(size: int) -> str:
    """Bytes for people.

    >>> shown(999), shown(1_500_000)
    ('999 bytes', '1.5 MB')
    """
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size} bytes"
