"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ntgate.errors import ConfigError

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
    return click.argument("name", callback=model_name)(with_uri(command))


def model_name(_context: click.Context, _argument: click.Parameter, name: str | None) -> str | None:
    """A name that a registered model can have.

    Raises:
        ConfigError: when MLflow takes none such: it would be told as a fault of the registry.
    """
    if name is not None and (not name.strip() or re.search("[/:]", name)):
        got = repr(name) if name.strip() else "an empty one"
        raise ConfigError("NAME", expected="the name of a registered model, without / and :", got=got, fix="correct it")
    return name


def with_uri(command: F) -> F:
    """The option ``--uri``, a registry."""
    return click.option("--uri", envvar="MLFLOW_TRACKING_URI", required=True, help="The registry; else MLFLOW_TRACKING_URI.")(
        command
    )
