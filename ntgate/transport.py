"""How files go from one stage to the next: by content, through a store that every stage reaches.

A result refers to its files by address and sha256. Where stages share a folder the address is a path. Otherwise the files are
copied into a store under their own sha256, and whoever reads one fetches it once into a cache of its own, and checks it. No stage
needs to see another's disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from ntgate.errors import DataError, StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_BLOCK = 2**22


class Files(Protocol):
    """What opens addresses: fsspec, or an orchestrator's artifact store with credentials of its own."""

    def open(self, address: str, mode: str) -> IO[bytes]:
        """Open for ``rb`` or ``wb``; folders above are made where the store has such."""

    def exists(self, address: str) -> bool:
        """Whether something lies there."""


class Fsspec:
    """Addresses of any file system that fsspec knows."""

    def open(self, address: str, mode: str) -> IO[bytes]:
        """See :class:`Files`."""
        files, path = self._at(address)
        try:
            opened: IO[bytes] = files.open(path, mode)
        except FileNotFoundError:
            if "w" not in mode:
                raise
            files.makedirs(os.path.dirname(path), exist_ok=True)
            opened = files.open(path, mode)
        return opened

    def exists(self, address: str) -> bool:
        """See :class:`Files`."""
        files, path = self._at(address)
        files.invalidate_cache()  # what was listed once may be gone
        return bool(files.exists(path))

    def _at(self, address: str) -> tuple[AbstractFileSystem, str]:
        import fsspec

        files, path = fsspec.core.url_to_fs(address)
        return files, path


_files: ContextVar[Files | None] = ContextVar("files", default=None)


@contextmanager
def through(files: Files) -> Iterator[None]:
    """Open remote addresses by ``files`` inside this block."""
    token = _files.set(files)
    try:
        yield
    finally:
        _files.reset(token)


def _opener() -> Files:
    return _files.get() or Fsspec()


def remote(address: str) -> bool:
    """Whether an address is more than a local path.

    >>> remote("s3://bucket/a"), remote("/tmp/a"), remote("file:///tmp/a")
    (True, False, True)
    """
    return "://" in address


def fetched(address: str, sha256: str) -> Path:
    """The local file with the content of a remote ``address``: from the cache, or copied there now.

    Raises:
        StoreError: when the store does not answer or has no such file.
        DataError: when the file is not what it was.
    """
    kept = cache() / sha256[:2] / sha256 / address.rsplit("/", 1)[-1]
    if kept.is_file():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=kept.parent, prefix=".part-")
    digest, part = hashlib.sha256(), Path(name)
    try:
        with os.fdopen(handle, "wb") as here:
            try:
                with _opener().open(address, "rb") as there:
                    while block := there.read(_BLOCK):
                        digest.update(block)
                        here.write(block)
            except Exception as error:
                raise _unreachable(address, "a file that an earlier stage wrote", error) from error
        if digest.hexdigest() != sha256:
            raise DataError(
                address,
                expected=f"sha256 {sha256[:12]}",
                got=digest.hexdigest()[:12],
                fix="run again: the file was changed",
            )
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)
    return kept


def published(path: Path, sha256: str, store: str) -> str:
    """The address of the file at ``path`` in the ``store``, where it is copied to unless its content lies there already.

    Raises:
        StoreError: when the store does not answer or lets nothing be written.
    """
    address = f"{store.rstrip('/')}/{sha256[:2]}/{sha256}/{path.name}"
    files = _opener()
    try:
        if not files.exists(address):
            with path.open("rb") as here, files.open(address, "wb") as there:
                shutil.copyfileobj(here, there, _BLOCK)
    except Exception as error:
        raise _unreachable(address, "a store that can be written", error) from error
    kept = cache() / sha256[:2] / sha256 / path.name
    if not kept.exists():  # a stage of this machine that reads it need not fetch it
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, kept)
    return address


def cache() -> Path:
    """The folder of fetched files: ``NTGATE_CACHE``, else ``ntgate`` in the user's cache, else a temporary folder."""
    named = os.environ.get("NTGATE_CACHE")
    if named:
        return Path(named)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ntgate" / "files"
    with contextlib.suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        if os.access(home, os.W_OK):
            return home
    return Path(tempfile.gettempdir()) / f"ntgate-files-{os.getuid() if hasattr(os, 'getuid') else 0}"


def _unreachable(address: str, expected: str, error: Exception) -> StoreError:
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return StoreError(address, expected=expected, got=said[:200], fix="check the store, access and credentials")
