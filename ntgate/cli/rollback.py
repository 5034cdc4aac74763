"""``ntgate rollback``: back to the champion before."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry


@click.command(short_help="Make the champion before the current one the champion again.")
@with_registry
@with_json
def rollback(name: str, uri: str, as_json: bool) -> int:
    """Give the alias of the registered model NAME back to the champion before the current one.

    Nothing is deleted: the version rolled back stays, marked as such. Doing it again goes back one champion more. Exit 6 when
    there is no champion, or none before it.
    """
    from ntgate.cli.registry import existing
    from ntgate.registry.repair import rollback as roll_back

    version = roll_back(existing(name, uri))
    if as_json:
        console.answer({"schema": 1, "name": name, "champion": version})
    else:
        console.answer(f"{name}: version {version} is the champion again")
    return 0
