"""``ntgate validate``: is this config, with these data, fit to run?"""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json


@click.command(short_help="Check config and data.")
@with_config
@with_json
def validate(config: str, overrides: tuple[str, ...], as_json: bool) -> int:
    """Check the config and the data, and say everything that is wrong at once; nothing is written."""
    from ntgate.config import load
    from ntgate.flow import check

    rows = check(load(config, overrides))
    if as_json:
        console.answer({"schema": 1, "valid": True, "rows": rows})
    else:
        listed = ", ".join(f"{count} {name}" for name, count in rows.items())
        console.answer(f"{config} is valid: {listed} rows")
    return 0
