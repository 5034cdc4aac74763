"""Who acts on the registry: the account that its server knows, else this system's user."""

from __future__ import annotations

import getpass
import os

from ntgate.base import Frozen
from ntgate.registry.client import Registry, translated

_USER = "MLFLOW_TRACKING_USERNAME"


class Person(Frozen):
    """Somebody who answers for something.

    Attributes:
        name: who, as it was given, else the account's name.
        account: ``mlflow:NAME`` where the server has checked the password, else ``system:NAME``.

    >>> Person(name="Ann", account="mlflow:ann").account_name
    'ann'
    """

    name: str
    account: str

    @property
    def account_name(self) -> str:
        """Of the account alone."""
        return self.account.partition(":")[2]


def person(registry: Registry, given: str | None = None) -> Person:
    """Who acts.

    A server with users of its own refuses every request without a right password; one without them takes any name, so that the name
    in the environment says nothing there, and this system's user is asked for.

    Args:
        registry: the connection.
        given: in whose name, where that is somebody else than the account's owner.

    Raises:
        RegistryError: when the server does not answer.
    """
    account = f"mlflow:{user}" if (user := os.environ.get(_USER)) and _known(registry, user) else f"system:{_system()}"
    return Person(name=given or account.partition(":")[2], account=account)


def _known(registry: Registry, user: str) -> bool:
    """Whether the server keeps an account of this name, as whose owner we have come in."""
    if not registry.config.uri.startswith("http"):
        return False
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    with translated(registry.config):
        creds = get_default_host_creds(registry.config.uri)
        answer = http_request(creds, "/api/2.0/mlflow/users/get", "GET", params={"username": user}, raise_on_status=False)
        return bool(answer.status_code == 200)


def _system() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return f"uid {os.getuid()}"
