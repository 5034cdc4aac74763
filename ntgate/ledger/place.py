"""Where the ledger lies: in the registry's database, unless the config names another."""

from __future__ import annotations

import os
import re

from ntgate.credentials import without_credentials
from ntgate.environment_references import PORT, expanded, odd_port, referenced, unset
from ntgate.errors import ConfigError
from ntgate.gate.ledger_config import LedgerConfig


def ledger_uri(config: LedgerConfig, registry_uri: str) -> str | None:
    """The address of the ledger's database; None where nothing can be recorded, and nothing is to be accounted for.

    Args:
        config: ``gate.ledger``.
        registry_uri: of the registry.

    Raises:
        ConfigError: when the registry is a server, whose database cannot be reached through it, and no other is named.

    >>> ledger_uri(LedgerConfig(), "sqlite:////srv/mlflow.db")
    'sqlite:////srv/mlflow.db'
    >>> ledger_uri(LedgerConfig(policy="none"), "https://tracking:5000") is None
    True
    """
    where, uri = ("registry.uri", registry_uri) if config.uri is None else ("gate.ledger.uri", config.uri)
    missing = [name for name in referenced(uri) if name not in os.environ]
    if missing:
        raise unset(where, missing[0])
    if odd_port(expanded(uri)):
        raise ConfigError(where, expected=PORT, got=uri, fix="correct it")
    if re.match(r"(sqlite|postgresql)(\+\w+)?:", expanded(uri)):
        return expanded(uri)
    if config.policy == "none":
        return None
    raise ConfigError(
        "gate.ledger.uri",
        expected="a database for the ledger of worn test rows, sqlite:///FILE or postgresql://...",
        got=f"none, and the registry {without_credentials(registry_uri)} lends no database of these kinds",
        fix="set gate.ledger.uri, such as the database behind the server, or give up the account of repeated use with "
        "gate.ledger.policy: none",
    )
