"""The promotion lock: a registered model whose name can be taken once.

Creating a registered model is atomic on every database behind MLflow; checking for a tag and then setting it is not.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ntgate.errors import RegistryError
from ntgate.registry.client import Registry


@dataclass(frozen=True)
class Held:
    """A lock that is held.

    Attributes:
        name: the registered model that stands for it.
        owner: host, process and a token that no other holder has.
    """

    name: str
    owner: str

    def check(self, registry: Registry) -> None:
        """Make sure that the lock is still ours: a holder that slept past its time may have lost it.

        Raises:
            RegistryError: when another process took it over.
        """
        found = _owner(registry, self.name)
        if found != self.owner:
            raise RegistryError(
                f"promotion of {registry.name}", expected=f"to hold the lock as {self.owner}", got=f"{found or 'nobody'} holds it",
                fix="run again: this promotion outlived registry.lock_seconds, and nothing was promoted",
            )  # fmt: skip


@contextmanager
def promotion_lock(registry: Registry) -> Iterator[Held]:
    """Hold the promotion lock of the registered model; wait for another holder, and take over from a dead one.

    Raises:
        RegistryError: when another process holds it for longer than ``registry.wait_seconds``.
    """
    held = Held(f"{registry.name}.ntgate-lock", f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}")
    _acquire(registry, held)
    try:
        yield held
    finally:
        with suppress(Exception):  # an unreachable registry: the lock runs out by itself
            if _owner(registry, held.name) == held.owner:
                registry.client.delete_registered_model(held.name)


def _acquire(registry: Registry, held: Held) -> None:
    from mlflow.exceptions import MlflowException

    deadline = time.monotonic() + registry.config.wait_seconds
    while True:
        expires = time.time() + registry.config.lock_seconds
        tags = {"ntgate.owner": held.owner, "ntgate.expires": f"{expires:.3f}"}
        try:
            registry.client.create_registered_model(held.name, tags=tags, description="ntgate's promotion lock")
            return
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS" and "database is locked" not in str(error):
                raise
        _remove_expired(registry, held.name)
        if time.monotonic() > deadline:
            raise RegistryError(
                f"promotion of {registry.name}",
                expected="the promotion lock",
                got=f"{_owner(registry, held.name)} holds it",
                fix="wait for that promotion to end and run again",
            )
        time.sleep(0.1 + 0.2 * secrets.randbelow(100) / 100)


def _remove_expired(registry: Registry, name: str) -> None:
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):  # gone meanwhile
        found = registry.client.get_registered_model(name)
        if float(found.tags.get("ntgate.expires", "inf")) < time.time():
            registry.client.delete_registered_model(name)


def _owner(registry: Registry, name: str) -> str | None:
    from mlflow.exceptions import MlflowException

    try:
        owner: str | None = registry.client.get_registered_model(name).tags.get("ntgate.owner")
        return owner
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
