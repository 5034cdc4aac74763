"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def with_config(command: F) -> F:
    """The argument ``CONFIG`` with ``--set``."""
    command = click.option(
        "overrides", "--set", multiple=True, metavar="KEY=VALUE", help="Override a setting, e.g. --set gate.alpha=0.01."
    )(command)
    return click.argument("config", type=click.Path())(command)


def with_json(command: F) -> F:
    """The flag ``--json``."""
    return click.option("as_json", "--json", is_flag=True, help="Print one JSON object on standard output.")(command)


def with_quiet(command: F) -> F:
    """The flag ``--quiet``."""
    return click.option("--quiet", "-q", is_flag=True, help="No progress on standard error; of a run, its verdict alone.")(command)


def with_registry(command: F) -> F:
    """The argument ``NAME``, a registered model, and ``--uri``, its registry."""
    return click.argument("name")(with_uri(command))


def with_uri(command: F) -> F:
    """The option ``--uri``, a registry."""
    return click.option("--uri", envvar="MLFLOW_TRACKING_URI", required=True, help="The registry; else MLFLOW_TRACKING_URI.")(
        command
    )
