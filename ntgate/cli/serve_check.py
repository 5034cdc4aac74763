"""``ntgate serve-check``: whether an endpoint serves what the gate judged."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry

if TYPE_CHECKING:
    from ntgate.registry.champion import Champion
    from ntgate.registry.client import Registry
    from ntgate.stages.serve_check import RowServed, ServeCheck

DIFFERS = 3


@click.command("serve-check", short_help="Send the gate's test rows to an endpoint, and demand the judged scores.")
@with_registry
@click.option(
    "--endpoint", required=True, envvar="NTGATE_ENDPOINT", help="Where MLflow's scoring protocol is spoken; else NTGATE_ENDPOINT."
)
@click.option("--version", default=None, help="The version that is deployed there; else the champion.")
@click.option("--run", "folder", default=None, help="The folder of its run, where that has moved.")
@click.option("--own", is_flag=True, help="Import the classes of one's own that the run's config names.")
@with_json
def serve_check(name: str, uri: str, endpoint: str, version: str | None, folder: str | None, own: bool, as_json: bool) -> int:
    """Score the test rows by which the registered model NAME was judged at the endpoint that serves it, and compare.

    The rows go to the endpoint without their labels, their texts as the file spells them, and some once more alone without what is
    missing in them. No test row is worn. The token in NTGATE_ENDPOINT_TOKEN, or user and password in the address, say who asks.
    Exit 3 when a score differs by more than 0.0001, 6 when the endpoint does not answer with class scores.
    """
    from ntgate.cli.registry import existing
    from ntgate.endpoint import at
    from ntgate.registry.champion import fetch
    from ntgate.registry.run_pages import folder_of
    from ntgate.stages.frozen_run import frozen_run
    from ntgate.stages.serve_check import serve_check as check

    server, registry = at(endpoint), existing(name, uri)
    found = _version(registry, version)
    run = frozen_run(folder or _there(folder_of(registry, found)), registry.config.uri, own=own)
    with tempfile.TemporaryDirectory() as there:
        made = check(run, fetch(registry, found, Path(there)), server)
    if as_json:
        console.answer(
            {"schema": 1, "name": name, "version": found.version, "endpoint": server.shown, **made.model_dump(mode="json")}
        )
    else:
        console.answer("\n".join(_lines(made, f"{name} version {found.version}", server.shown)))
    return 0 if made.same else DIFFERS


def _version(registry: Registry, version: str | None) -> Champion:
    from ntgate.errors import RegistryError
    from ntgate.registry.champion import champion, version_of

    found = champion(registry) if version is None else version_of(registry, version)
    if found is None:
        raise RegistryError(
            f"champion of {registry.name}", expected="a version in production", got="none", fix="name a version with --version"
        )
    return found


def _there(folder: str) -> str:
    from ntgate.errors import ConfigError
    from ntgate.transport import remote

    if not remote(folder) and not os.path.isdir(folder):
        raise ConfigError(
            "--run",
            expected="the folder of the run that made the version, with the test rows",
            got=f"none at {folder}",
            fix="say where it is now, or run the check on the machine that has it",
        )
    return folder


def _lines(made: ServeCheck, version: str, address: str) -> list[str]:
    scores = f"{'the judged scores' if made.judged else 'the scores of the exported model'} of {version}"
    largest = "one is no number" if made.largest is None else f"the largest difference is {made.largest:.2g}"
    how = "with their texts as the file has them" if made.spelled else "as they were read"
    sent = f"  the rows went {how}, {made.alone} of them once more alone without what is missing"
    if made.same:
        return [f"{address} serves {scores} on all {made.rows:,} test rows; {largest}", sent]
    return [
        f"{address} does not serve {scores}: {made.differing:,} of {made.rows:,} test rows have other scores, {largest}, and "
        f"{made.changed:,} another answer",
        *([] if made.served is None else [f"  they are the scores of {made.served}: another model is deployed there"]),
        *(_row(row) for row in made.first),
        sent,
    ]


def _row(row: RowServed) -> str:
    where = ", sent alone without its missing cells" if row.alone else ""
    served = "no numbers" if row.served is None else f"{row.served} {row.served_score:.4f}"
    return f"  row {row.row}{where}: judged {row.judged} {row.judged_score:.4f}, served {served}"
