"""``ntgate schema``: the JSON Schema of the config."""

from __future__ import annotations

import click

from ntgate.cli import console


@click.command(short_help="Print the config's JSON Schema.")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: the schema is always JSON.")
def schema(as_json: bool) -> int:  # noqa: ARG001
    """Print the JSON Schema of the config, for editors and linters."""
    from ntgate.config import RunConfig
    from ntgate.config_base import DESCRIPTION, KEY

    content = RunConfig.model_json_schema()
    content["properties"][KEY] = {"type": "string", "description": DESCRIPTION}
    # An editor and `check-jsonschema` read $schema; "schema" is the version that every answer carries.
    console.answer({"$schema": "https://json-schema.org/draft/2020-12/schema", "schema": 1, **content})
    return 0
