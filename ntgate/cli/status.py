"""``ntgate status``: the champion and its history."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_json


@click.command(short_help="Show the champion and its history.")
@click.argument("name")
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", required=True, help="The registry; else MLFLOW_TRACKING_URI.")
@with_json
def status(name: str, uri: str, as_json: bool) -> int:
    """Show the champion of the registered model NAME, and the versions before it."""
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig
    from ntgate.registry.history import history

    entries = history(connect(RegistryConfig(uri=uri), name))
    if as_json:
        console.answer({"schema": 1, "name": name, "versions": [entry.model_dump(mode="json") for entry in entries]})
        return 0
    if not entries:
        console.answer(f"{name}: no version yet")
        return 0
    lines = []
    for entry in entries:
        mark, decision = "*" if entry.champion else " ", (entry.decision_id or "-")[:12]
        lines.append(f"  {mark} v{entry.version:<4} {entry.state:<10} {entry.strategy or '-':<20} {decision}")
    console.answer(f"{name} (* champion)\n" + "\n".join(lines))
    return 0
