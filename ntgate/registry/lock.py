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
from datetime import UTC, datetime

from ntgate.base import Frozen
from ntgate.errors import RegistryError
from ntgate.registry.client import Registry, translated
from ntgate.registry.process import surely_dead, this_process

_ENDING = ".ntgate-lock"
_OWNER, _TOKEN, _LEASE, _PROCESS = "ntgate.owner", "ntgate.token", "ntgate.lease_seconds", "ntgate.process"
# A retired lock is swept when nobody can still be about to retire it again. This alone reads the clock on the wall, which may
# differ by hours between two machines; by a week it does not.
_BURIED_SECONDS = 7 * 24 * 3600.0


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
                f"promotion of {registry.name}",
                expected=f"to hold the lock as {self.owner}",
                got=got if found is None or found.token != self.token else f"it was held for over {self.lease / 2:g} s",
                fix="run again: this promotion outlived registry.lock_seconds or its lock was broken, and it stopped before "
                "moving the alias",
            )


class Holder(Frozen):
    """Who holds the lock, as others see it.

    Attributes:
        owner: host and process.
        token: what no other holder has.
        lease: seconds that others watch it before they take it over.
        since: when it was taken by the registry's clock, in UTC, as ISO 8601: for people, nothing is decided by it.
        dead: whether its process ran on this machine and has ended.
    """

    owner: str
    token: str
    lease: float
    since: str
    dead: bool


def holder(registry: Registry) -> Holder | None:
    """Who holds the promotion lock of the registered model; None: nobody.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        return _read(registry, _name(registry))


def break_lock(registry: Registry, found: Holder) -> bool:
    """End the holding of ``found``: if it still lives, it stops before it moves the alias.

    Returns:
        False when somebody else holds the lock by now, or nobody: that lock is not the one to be broken.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        now = _read(registry, _name(registry))
        return now is not None and now.token == found.token and _retire(registry, _name(registry), found.token)


@contextmanager
def promotion_lock(registry: Registry) -> Iterator[Held]:
    """Hold the promotion lock of the registered model; wait for another holder, and take over from a dead one.

    Raises:
        RegistryError: when another process holds it for longer than ``registry.wait_seconds``.
    """
    name, token = _name(registry), secrets.token_hex(8)
    held: Held | None = None
    try:
        held = _acquire(registry, name, token)
        yield held
    finally:
        with suppress(Exception):  # an unreachable registry: the lock is taken over later
            _release(registry, name, token, in_time=held is not None and held.in_time)


def _name(registry: Registry) -> str:
    return f"{registry.name}{_ENDING}"


def is_lock(name: str) -> bool:
    """Whether a registered model is a promotion lock, held or retired, and no model.

    >>> is_lock("reader"), is_lock("reader.ntgate-lock")
    (False, True)
    """
    return _ENDING in name


def _acquire(registry: Registry, name: str, token: str) -> Held:
    owner, lease = f"{socket.gethostname()}:{os.getpid()}", float(registry.config.lock_seconds)
    deadline = time.monotonic() + registry.config.wait_seconds
    watched: Holder | None = None
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
            and (found.dead or time.monotonic() - watched_since > found.lease)
            and _retire(registry, name, found.token)
        ):
            continue
        if time.monotonic() > deadline:
            raise RegistryError(
                f"promotion of {registry.name}",
                expected="the promotion lock",
                got="others were faster" if found is None else f"{found.owner} holds it",
                fix="wait for that promotion to end and run again; the lock of a dead process is taken over by whoever "
                f"waits for it, for {found.lease if found else lease:g} s (registry.wait_seconds), or at once after "
                f"`ntgate lock break {registry.name}`",
            )
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


def _read(registry: Registry, name: str) -> Holder | None:
    from mlflow.exceptions import MlflowException

    try:
        lock = registry.client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return Holder(
        owner=lock.tags.get(_OWNER, "somebody"),
        token=lock.tags.get(_TOKEN, "none"),
        lease=float(lock.tags.get(_LEASE, registry.config.lock_seconds)),
        since=datetime.fromtimestamp(lock.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        dead=surely_dead(lock.tags.get(_PROCESS, "")),
    )


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
