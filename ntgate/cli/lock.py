"""``ntgate lock``: the promotion lock, for the case that its holder is known to be gone."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry
from ntgate.errors import RegistryError


@click.group(short_help="The promotion lock.")
def lock() -> None:
    """The lock that a promotion holds; `ntgate status NAME` says who holds it."""


@lock.command("break", short_help="End the holding of a process that is known to be gone.")
@with_registry
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_json
def break_(name: str, uri: str, yes: bool, as_json: bool) -> int:
    """Break the promotion lock of the registered model NAME.

    Without it the lock of a dead process is taken over by the next promotion, at once on the same machine, else after
    registry.lock_seconds. A holder that is alive all the same notices before it moves the alias, and stops. Exit 6 when nobody
    holds the lock.
    """
    from ntgate.cli.registry import existing
    from ntgate.registry.lock import break_lock, holder

    if as_json and not yes:
        raise click.UsageError("--json asks nothing: add --yes")
    registry = existing(name, uri)
    found = holder(registry)
    if found is None:
        raise _refusal(name, "nobody", "there is nothing to break")
    state = "which has ended" if found.dead else f"which loses it by itself {found.lease:g} s after somebody waits for it"
    console.note(f"{found.owner} has held it since {found.since}, {state}")
    if not yes:
        click.confirm("break it?", abort=True, err=True)
    if not break_lock(registry, found):
        raise _refusal(name, "another holder by now, or nobody", f"see `ntgate status {name}`")
    if as_json:
        console.answer({"schema": 1, "name": name, "broken": found.model_dump(mode="json")})
    else:
        console.answer(f"{name}: the lock of {found.owner} is broken; see `ntgate status {name}`")
    return 0


def _refusal(name: str, got: str, fix: str) -> RegistryError:
    return RegistryError(f"promotion lock of {name}", expected="the holder that was to lose it", got=got, fix=fix)
