"""``ntgate adopt``: the model that a team serves already becomes the champion."""

from __future__ import annotations

import getpass

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry


@click.command(short_help="Make a version that ntgate did not make the champion, and keep who says so and why.")
@with_registry
@click.option("--version", "version", required=True, help="The version that becomes the champion.")
@click.option("--reason", required=True, help="Why, in a sentence; it stands in the version's tags.")
@click.option(
    "--by",
    default=None,
    help="Who answers for it; else MLFLOW_TRACKING_USERNAME or this system's user.",
    envvar="MLFLOW_TRACKING_USERNAME",
)
@with_json
def adopt(name: str, uri: str, version: str, reason: str, by: str | None, as_json: bool) -> int:
    """Make a version of the registered model NAME the champion that was trained and registered by other means.

    No gate has judged it: who adopts it, why and when is kept in its tags. Later runs have to be as good as it: their configs say
    how it is asked, by `champion`. `ntgate rollback` takes it back. Exit 6 when there is no such version, or ntgate made it.
    """
    from ntgate.cli.registry import existing
    from ntgate.registry.adoption import adopt as make_champion

    who = by or getpass.getuser()
    before = make_champion(existing(name, uri), version, by=who, reason=reason)
    if as_json:
        console.answer({"schema": 1, "name": name, "champion": version, "previous": before, "by": who, "reason": reason})
    else:
        follows = f", after version {before}" if before else ""
        console.answer(f"{name}: version {version} is the champion{follows}, adopted by {who}")
    return 0
