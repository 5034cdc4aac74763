"""The registered model that the commands of the registry act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.credentials import remember_address
from ntgate.errors import ConfigError, RegistryError

if TYPE_CHECKING:
    from ntgate.registry.client import Registry
    from ntgate.registry.config import RegistryConfig


def registry_config(uri: str) -> RegistryConfig:
    """Where the registry is.

    Raises:
        ConfigError: when ``uri`` is no address of a registry.
    """
    from pydantic import ValidationError

    from ntgate.registry.config import RegistryConfig, said

    remember_address(uri)  # which may come from the environment
    try:
        return RegistryConfig(uri=uri)
    except ValidationError as error:
        raise ConfigError("--uri", expected=said(error), got=repr(uri), fix="correct it") from None


def existing(name: str, uri: str) -> Registry:
    """Connect to a registry that is there already: to repair one that is not would be to create it.

    Raises:
        RegistryError: when it does not answer, or is a SQLite file that does not exist.
    """
    from ntgate.registry.client import connect, exists, sqlite_file

    config = registry_config(uri)
    if not exists(config):
        got = f"no file {sqlite_file(config)}"
        raise RegistryError("--uri", expected="an existing registry", got=got, fix="correct it")
    return connect(config, name)
