"""The promotion lock: a registered model whose name can be taken once.

Creating a registered model is atomic on every database behind MLflow; checking for a tag and then setting it is not. Nor is
it enough to delete the lock of a dead holder: of two processes that find it dead, the slower one would delete the lock that
the faster one has just taken. So a lock is never deleted under its name but renamed to ``NAME.TOKEN``, its holder's token:
names are unique, so that of all who retire one holder's lock only the first succeeds, and nobody retires another's.

No clock is compared with another machine's. A holder stops acting when half its lease has passed since before it took the
lock; others take over when they have watched the same lock for its whole lease, or when they can see that its holder died.
What remains is a holder that freezes between its last check and the request that moves the alias: MLflow offers no
conditional write that could prevent it.
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
from ntgate.registry.process import surely_dead, this_process

_OWNER, _TOKEN, _LEASE, _PROCESS = "ntgate.owner", "ntgate.token", "ntgate.lease_seconds", "ntgate.process"
_BURIED_SECONDS = 3600.0  # a retired lock is swept when nobody can still be about to retire it again


@dataclass(frozen=True)
class Held:
    """A lock that is held.

    Attributes:
        name: the registered model that stands for it.
        owner: host and process, for people.
        token: what no other holder has: the fence.
        since: monotonic time just before it was taken, in seconds.
        lease: seconds after which others may take it over.
    """

    name: str
    owner: str
    token: str
    since: float
    lease: float

    @property
    def in_time(self) -> bool:
        """Whether nobody can be about to take it over."""
        return time.monotonic() - self.since < self.lease / 2

    def check(self, registry: Registry) -> None:
        """Make sure that the lock is still ours, and will be while the next request runs.

        Raises:
            RegistryError: when another process took it over, or could soon.
        """
        found = _read(registry, self.name)
        if found is None or found.token != self.token or not self.in_time:
            got = "nobody holds it" if found is None else f"{found.owner} holds it"
            raise RegistryError(
                f"promotion of {registry.name}", expected=f"to hold the lock as {self.owner}",
                got=got if found is None or found.token != self.token else f"it was held for over {self.lease / 2:g} s",
                fix="run again: this promotion outlived registry.lock_seconds, and stopped before moving the alias",
            )  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """A lock as others see it."""

    owner: str
    token: str
    lease: float
    process: str


@contextmanager
def promotion_lock(registry: Registry) -> Iterator[Held]:
    """Hold the promotion lock of the registered model; wait for another holder, and take over from a dead one.

    Raises:
        RegistryError: when another process holds it for longer than ``registry.wait_seconds``.
    """
    name, token = f"{registry.name}.ntgate-lock", secrets.token_hex(8)
    held: Held | None = None
    try:
        held = _acquire(registry, name, token)
        yield held
    finally:
        with suppress(Exception):  # an unreachable registry: the lock is taken over later
            _release(registry, name, token, in_time=held is not None and held.in_time)


def _acquire(registry: Registry, name: str, token: str) -> Held:
    owner, lease = f"{socket.gethostname()}:{os.getpid()}", float(registry.config.lock_seconds)
    deadline = time.monotonic() + registry.config.wait_seconds
    watched: _Found | None = None
    watched_since = 0.0
    while True:
        began = time.monotonic()
        if _create(registry, name, {_OWNER: owner, _TOKEN: token, _LEASE: f"{lease:g}", _PROCESS: this_process()}):
            return Held(name, owner, token, began, lease)
        found = _read(registry, name)
        if found is not None and found.token == token:  # our request was repeated on its way
            return Held(name, owner, token, began, lease)
        if found is not None and (watched is None or watched.token != found.token):
            watched, watched_since = found, time.monotonic()
        if (
            found is not None
            and (surely_dead(found.process) or time.monotonic() - watched_since > found.lease)
            and _retire(registry, name, found.token)
        ):
            continue
        if time.monotonic() > deadline:
            raise RegistryError(
                f"promotion of {registry.name}", expected="the promotion lock",
                got="others were faster" if found is None else f"{found.owner} holds it",
                fix="wait for that promotion to end and run again; the lock of a dead process is taken over by whoever "
                f"waits for it, for {found.lease if found else lease:g} s (registry.wait_seconds)",
            )  # fmt: skip
        time.sleep(0.05 + 0.2 * secrets.randbelow(100) / 100)


def _create(registry: Registry, name: str, tags: dict[str, str]) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        registry.client.create_registered_model(name, tags=tags, description="ntgate's promotion lock")
    except MlflowException as error:
        # Taken; or taken and released while MLflow looked for the reason; or the database is busy.
        if error.error_code in ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST", "TEMPORARILY_UNAVAILABLE"):
            return False
        raise
    return True


def _read(registry: Registry, name: str) -> _Found | None:
    from mlflow.exceptions import MlflowException

    try:
        tags = registry.client.get_registered_model(name).tags
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    lease = float(tags.get(_LEASE, registry.config.lock_seconds))
    return _Found(tags.get(_OWNER, "somebody"), tags.get(_TOKEN, "none"), lease, tags.get(_PROCESS, ""))


def _retire(registry: Registry, name: str, token: str) -> bool:
    """End the holding of ``token``, which the caller has seen on the lock; False when others did."""
    from mlflow.exceptions import MlflowException

    try:
        registry.client.rename_registered_model(name, f"{name}.{token}")
    except MlflowException:
        return False
    return True


def _release(registry: Registry, name: str, token: str, *, in_time: bool) -> None:
    """Give the lock back when it is ours, and sweep what others left.

    Past its time a retired lock stays for a while: whoever is about to take it over must find it retired.
    """
    found = _read(registry, name)
    if found is None or found.token != token or not _retire(registry, name, token):
        return
    text = name.replace("'", "_")  # the pattern may find too much; the prefix decides
    for known in registry.client.search_registered_models(f"name LIKE '{text}.%'"):
        old = time.time() - known.last_updated_timestamp / 1000 > _BURIED_SECONDS
        if known.name.startswith(f"{name}.") and (old or (in_time and known.name == f"{name}.{token}")):
            registry.client.delete_registered_model(known.name)
