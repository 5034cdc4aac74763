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
from typing import IO, TYPE_CHECKING, Any, Protocol

from ntgate.credentials import without_credentials
from ntgate.errors import ConfigError, LostError, StoreError
from ntgate.extras import not_installed

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

S3 = ("s3://", "s3a://")
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

        files, path = fsspec.core.url_to_fs(address, **options(address))
        if address.startswith(S3):
            files.retries = 1  # the client tries again by itself
        return files, path


_files: ContextVar[Files | None] = ContextVar("files", default=None)


@contextmanager
def through(files: Files | None) -> Iterator[None]:
    """Open remote addresses by ``files`` inside this block; None: as fsspec does."""
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


def options(address: str) -> dict[str, Any]:
    """Settings of the client of a store, so that a fault is told within a minute."""
    if not address.startswith(S3):
        return {}
    import fsspec

    given = fsspec.config.conf.get("s3", {}).get("config_kwargs", {})
    return {"config_kwargs": {"retries": {"total_max_attempts": 3}, **given}}


def check_reachable(address: str) -> None:
    """Make sure that something answers at a remote ``address``, whether or not anything lies there.

    Raises:
        ConfigError: when it is no address of a store that fsspec knows, or has credentials in it: results name it.
        StoreError: when nothing answers, or lets us in.
    """
    subject, expected = "output", "a folder, or an address that fsspec knows, such as s3://bucket/runs"
    if (shown := without_credentials(address)) != address:
        raise ConfigError(
            subject, expected="an address without credentials", got=shown, fix="give them in the environment or in a profile"
        )
    try:
        _opener().exists(address)
    except ImportError as error:
        raise not_installed(subject, address, error) from error
    except ValueError as error:
        raise ConfigError(subject, expected=expected, got=f"{shown}: {_said(error)}", fix="set output") from error
    except Exception as error:
        raise _unreachable(address, "a store that answers", error) from error


def fetched(address: str, sha256: str) -> Path:
    """The local file with the content of a remote ``address``: from the cache, or copied there now.

    Raises:
        StoreError: when the store does not answer or has no such file.
        LostError: when the file is not what it was.
    """
    kept = _kept(sha256, address.rsplit("/", 1)[-1])
    if kept.is_file() and sha256_file(kept) == sha256:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=kept.parent, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as here:
            try:
                with _opener().open(address, "rb") as there:
                    shutil.copyfileobj(there, here, _BLOCK)
            except Exception as error:
                raise _unreachable(address, "a file that an earlier stage wrote", error) from error
        if (found := sha256_file(part)) != sha256:
            raise LostError(
                address, expected=f"sha256 {sha256[:12]}", got=found[:12], fix="delete it and run again: the file was changed"
            )
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)
    return kept


def put(path: Path, sha256: str, address: str, *, again: bool = False) -> None:
    """Copy the file at ``path`` to ``address``, unless something lies there that need not be replaced ``again``.

    Raises:
        StoreError: when the store does not answer or lets nothing be written.
    """
    files = _opener()
    try:
        if again or not files.exists(address):
            with path.open("rb") as here, files.open(address, "wb") as there:
                shutil.copyfileobj(here, there, _BLOCK)
    except Exception as error:
        raise _unreachable(address, "a store that can be written", error) from error
    kept = _kept(sha256, path.name)
    if remote(address) and not kept.exists():  # a stage of this machine that reads it need not fetch it
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, kept)


def _kept(sha256: str, name: str) -> Path:
    return cache() / sha256[:2] / sha256 / name


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    return StoreError(address, expected=expected, got=_said(error), fix="check the store, access and credentials")


def _said(error: Exception) -> str:
    return (" ".join(str(error).split()).rstrip(".") or type(error).__name__)[:200]
