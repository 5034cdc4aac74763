"""``ntgate ledger``: which ledger keeps the account of a model's test rows."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json


@click.group(short_help="The ledger of worn test rows.")
def ledger() -> None:
    """The ledger that remembers which test rows were used; `ntgate status NAME` lists its entries."""


@ledger.command(short_help="Go on with the config's ledger where the one before is lost.")
@with_config
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_json
def adopt(config: str, overrides: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Go on with the ledger of CONFIG, though the model's earlier runs have used another.

    To this ledger every test row is fresh that it has not seen itself: what the other one knew of them is given up.
    """
    from ntgate.config_file import load
    from ntgate.registry.client import connect
    from ntgate.stages.same_ledger import adopt_ledger

    if as_json and not yes:
        raise click.UsageError("--json asks nothing: add --yes")
    settings = load(config, overrides)
    registry = connect(settings.registry, settings.model.name)
    if not yes:
        console.note(f"{registry.name}: what its ledger so far knows of the use of test rows will not count any more")
        click.confirm("go on with the config's ledger?", abort=True, err=True)
    before, now = adopt_ledger(settings, registry)
    if as_json:
        console.answer({"schema": 1, "name": registry.name, "ledger": now, "before": before})
    else:
        same = "as before" if before == now else f"before {before[:8]}" if before else "the first"
        console.answer(f"{registry.name}: the ledger {now[:8]} keeps the account of its test rows, {same}")
    return 0
