"""The artifact store of the active stack as the place of a run's files."""

from typing import IO, Any, cast

from zenml.client import Client

from ntgate.config import RunConfig
from ntgate.transport import Files, remote


class StackFiles:
    """Addresses of an artifact store, which opens them with credentials of its own."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def open(self, address: str, mode: str) -> IO[bytes]:
        """See :class:`~ntgate.transport.Files`."""
        return cast(IO[bytes], self._store.open(address, mode))

    def exists(self, address: str) -> bool:
        """See :class:`~ntgate.transport.Files`."""
        return bool(self._store.exists(address))


def stored(config: RunConfig) -> tuple[RunConfig, Files | None]:
    """The config with the ``output`` that the steps of the active stack share, and what opens it where it is the stack's.

    That is the config's own where it is an address, else a folder of the stack's artifact store, unless that is a local one, too.
    """
    store = Client().active_stack.artifact_store
    if remote(config.output) or store.config.is_local or not remote(store.path):
        return config, None
    return config.model_copy(update={"output": f"{store.path.rstrip('/')}/ntgate"}), StackFiles(store)
