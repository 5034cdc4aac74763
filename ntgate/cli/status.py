"""``ntgate status``: the champion, its history, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import model_name, with_json, with_uri
from ntgate.credentials import without_credentials

if TYPE_CHECKING:
    from ntgate.ledger.entries import LedgerEntry
    from ntgate.registry.fleet import ModelEntry
    from ntgate.registry.history import VersionEntry
    from ntgate.registry.overview import Overview
    from ntgate.registry.timeline import Reign


@click.command(short_help="Show the champion, its history, and what to do next; of all models without a NAME.")
@click.argument("name", required=False, callback=model_name)
@with_uri
@with_json
def status(name: str | None, uri: str, as_json: bool) -> int:
    """Show the champion of the registered model NAME, the versions before it, the baseline, and who holds the lock.

    Nothing is changed. The last line says what to do next. Without NAME, one line for each model of the registry: its champion, and
    the verdict of its last run.
    """
    if name is None:
        return _fleet(uri, as_json=as_json)
    from ntgate.cli.registry import registry_config
    from ntgate.registry.client import connect, exists, sqlite_file
    from ntgate.registry.overview import Overview, look

    config = registry_config(uri)
    there = exists(config)
    opened = entries(name, config.uri)
    if there:
        found = look(connect(config, name), sum(entry.kind == "opened" for entry in opened))
    else:
        found = Overview(name=name, next=f"there is no file {sqlite_file(config)} yet: `ntgate run CONFIG`, or correct --uri")
    if as_json:
        kept = [entry.model_dump(mode="json") for entry in opened]
        console.answer({"schema": 1, **found.model_dump(mode="json"), "ledger": kept})
    else:
        console.answer("\n".join([summary(found), *_worn(opened), *_account(name, config.uri)]))
    return 0


def _fleet(uri: str, *, as_json: bool) -> int:
    from ntgate.cli.registry import existing
    from ntgate.registry.fleet import fleet

    models = fleet(existing("", uri))
    if as_json:
        console.answer({"schema": 1, "models": [model.model_dump(mode="json") for model in models]})
        return 0
    width = max([len(model.name) for model in models], default=0)
    lines = [f"{model.name:<{width}}  {_standing(model)}" for model in models]
    head = f"{'model':<{width}}  {'champion':<12} {'strategy':<20} {'made on':<11} last verdict"
    console.answer("\n".join([head, *lines]) if models else f"no model yet in {without_credentials(uri)}")
    return 0


def _standing(model: ModelEntry) -> str:
    champion = f"v{model.champion}" if model.champion else "no champion"
    verdict = f"{model.outcome.replace('_', ' ')} {model.decided[:10]}" if model.outcome and model.decided else "no run"
    verdict += "".join(f"; v{version} waits for approval" for version in model.waiting)
    return f"{champion:<12} {model.strategy or '-':<20} {(model.promoted or '-')[:10]:<11} {verdict}"


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


def _account(name: str, uri: str) -> list[str]:
    """What the model's decisions within a year add up to."""
    from ntgate.gate.budget import DAYS, Account
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.ledger import Ledger
    from ntgate.ledger.place import ledger_uri

    place = ledger_uri(LedgerConfig(policy="none"), uri)
    account = Account() if place is None else Ledger(place).account(name)
    if not account.levels:
        return []
    number = "1 decision has" if len(account.levels) == 1 else f"{len(account.levels)} decisions have"
    return [
        f"  account   {number} opened rows within {DAYS} days, at levels of {account.spent:.3g} together: at most so likely is one "
        "of them a false promotion"
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
    lines += [_reign(reign) for reign in found.timeline]
    lines += [f"  {word:<9} v{entry.version} {told}" for entry in found.versions for word, told in _approval(entry, found)]
    if found.baseline is not None:
        lines.append(f"  baseline  v{found.baseline}, training from scratch: models:/{found.name}@baseline")
    if found.lock is not None:
        ended = ", a process that has ended" if found.lock.dead else ""
        lines.append(f"  lock      {found.lock.owner}{ended}, since {found.lock.since}")
    lines.append(f"  next      {found.next}")
    return "\n".join(lines)


def _reign(reign: Reign) -> str:
    """A line of the timeline."""
    gain = "" if reign.gain in (None, "none") else f", gain {reign.gain}"
    told = f"v{reign.version}: {reign.because}{gain}" + (", rolled back since" if reign.rolled_back else "")
    return f"  {(reign.since or '-')[:10]} {told}"


def _approval(entry: VersionEntry, found: Overview) -> list[tuple[str, str]]:
    """What there is to say of a version's approval, where it was ever wanted."""
    until = (entry.approval_until or "")[:16].replace("T", " ")
    if entry.version in found.waiting:
        where = f", models:/{found.name}@challenger" if entry.version == found.waiting[0] else ""
        return [("waiting", f"for approval until {until} UTC{where}")]
    if entry.state == "waiting":
        return [("waited", f"for approval until {until} UTC, against champion {entry.previous_champion}: it can be given no more")]
    said = f"by {entry.approval_by}: {entry.approval_reason}"
    return [] if entry.approval_by is None else [("declined" if entry.state == "declined" else "approved", said)]
