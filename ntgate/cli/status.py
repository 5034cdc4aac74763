"""``ntgate status``: the champion, its history, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry

if TYPE_CHECKING:
    from ntgate.ledger.ledger import LedgerEntry
    from ntgate.registry.overview import Overview


@click.command(short_help="Show the champion, its history, and what to do next.")
@with_registry
@with_json
def status(name: str, uri: str, as_json: bool) -> int:
    """Show the champion of the registered model NAME, the versions before it, the baseline, and who holds the lock.

    Nothing is changed. The last line says what to do next.
    """
    from ntgate.cli.registry import registry_config
    from ntgate.registry.client import connect, exists, sqlite_file
    from ntgate.registry.overview import Overview, look

    config = registry_config(uri)
    opened = entries(name, config.uri)
    if exists(config):
        found = look(connect(config, name), sum(entry.kind == "opened" for entry in opened))
    else:
        found = Overview(
            name=name, next=f"there is no file {sqlite_file(config)} yet: `ntgate run CONFIG`, or correct --uri"
        )
    if as_json:
        kept = [entry.model_dump(mode="json") for entry in opened]
        console.answer({"schema": 1, **found.model_dump(mode="json"), "ledger": kept})
    else:
        console.answer("\n".join([summary(found), *_worn(opened)]))
    return 0


def entries(name: str, uri: str) -> list[LedgerEntry]:
    """The entries of the ledger in the registry's database; none where the registry is a server, which lends no database."""
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.ledger import Ledger
    from ntgate.ledger.place import ledger_uri

    place = ledger_uri(LedgerConfig(policy="none"), uri)
    return [] if place is None else Ledger(place).entries(name)


def _worn(opened: list[LedgerEntry]) -> list[str]:
    """One line a decision that opened test rows, the latest last."""
    ends = {entry.opening: entry for entry in opened if entry.kind == "closed"}
    return [
        f"  opened    {entry.rows} test rows at {entry.alpha:.3g} ({entry.policy}) on {entry.at[:16].replace('T', ' ')}: "
        + (str(ends[entry.id].outcome) if entry.id in ends else "not closed")
        + (", dry run" if entry.dry_run else "")
        for entry in opened
        if entry.kind == "opened"
    ]


def summary(found: Overview) -> str:
    """The answer for people."""
    lines = [f"{found.name} (* champion)" if found.versions else f"{found.name}: no version yet"]
    for entry in found.versions:
        mark, decision = "*" if entry.champion else " ", (entry.decision_id or "-")[:12]
        follows = "-" if entry.previous_champion in (None, "none") else f"v{entry.previous_champion}"
        lines.append(
            f"  {mark} v{entry.version:<4} {entry.state:<11} {entry.strategy or '-':<20} {decision:<12}  after {follows:<5} "
            f"{entry.created or ''}"
        )
    if found.champion is None and found.versions:
        lines.append("  champion  none" + (f": {found.lost}" if found.lost else ""))
    elif found.lost:
        lines.append(f"  champion  lost: {found.lost}")
    if found.baseline is not None:
        lines.append(f"  baseline  v{found.baseline}, training from scratch: models:/{found.name}@baseline")
    if found.lock is not None:
        ended = ", a process that has ended" if found.lock.dead else ""
        lines.append(f"  lock      {found.lock.owner}{ended}, since {found.lock.since}")
    lines.append(f"  next      {found.next}")
    return "\n".join(lines)
