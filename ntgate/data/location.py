"""Where rows lie: a local path or an fsspec URI, and in one sentence why nothing can be read there."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from ntgate.credentials import without_credentials
from ntgate.errors import DataError
from ntgate.extras import not_installed
from ntgate.transport import S3, options

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_IN_MEMORY = 2**26  # a larger remote file is copied to disk, since an npz is read from its end
_BLOCK = 2**24


@dataclass(frozen=True)
class Location:
    """A file or folder that exists.

    Attributes:
        files: the file system.
        path: the path in it.
        shown: what messages call it: the path or URI as given, without credentials.
    """

    files: AbstractFileSystem
    path: str
    shown: str

    @property
    def remote(self) -> bool:
        """Whether each read crosses a network."""
        protocol = self.files.protocol
        return "file" not in ((protocol,) if isinstance(protocol, str) else protocol)

    def open(self) -> IO[bytes]:
        """The file, to be read from any position; a remote one is copied first, so that all its faults come here.

        Raises:
            DataError: when it cannot be read.
        """
        try:
            if not self.remote:
                file: IO[bytes] = self.files.open(self.path, "rb")
                return file
            copied = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the caller closes it
            with self.files.open(self.path, "rb") as there:
                shutil.copyfileobj(there, copied, _BLOCK)
        except Exception as error:
            raise unreadable(self.shown, error) from error
        copied.seek(0)
        return copied

    def below(self) -> list[str]:
        """The files below a folder, hidden ones too, in the order of their names; links to folders are followed.

        Links that lead nowhere are among them, as annexes of data have them for files that were not fetched.

        Raises:
            DataError: when it cannot be listed, or a folder is reached by two ways.
        """
        try:
            return sorted(_walked(self.path, self.shown) if not self.remote else self.files.find(self.path))
        except DataError:
            raise
        except Exception as error:
            raise unreadable(self.shown, error) from error

    def content(self, path: str) -> bytes:
        """All bytes of one file below a folder.

        Raises:
            DataError: when it cannot be read.
        """
        if not self.remote:
            regular(path, path)
        try:
            content: bytes = self.files.cat_file(path)
        except Exception as error:
            raise unreadable(path, error) from error
        return content


def locate(path: str) -> Location:
    """Find what lies at a local path or fsspec URI.

    Raises:
        DataError: when nothing lies there, or its storage does not answer or does not let us in.
    """
    import fsspec

    shown = without_credentials(path)
    if path.startswith(S3) and shown != path:
        raise DataError(
            shown, expected="a URI without credentials", got="some in it", fix="give them in the environment or in a profile"
        )
    try:
        files, inner = fsspec.core.url_to_fs(path, **_options(path))
        if path.startswith(S3):
            files.retries = 1  # the client tries again by itself
        found = files.exists(inner)
    except ImportError as error:
        raise not_installed(shown, path, error) from error
    except ValueError as error:
        raise DataError(shown, expected="a path or an fsspec URI", got=str(error), fix="correct the path") from error
    except Exception as error:
        raise unreadable(shown, error) from error
    if not found:
        lost = isinstance(inner, str) and "\0" not in inner and os.path.islink(inner)
        got = "a link that leads nowhere" if lost else "nothing there"
        raise DataError(shown, expected="a file or a folder of images", got=got, fix="check the path")
    place = Location(files, inner, shown)
    if not place.remote:
        regular(inner, shown)
    return place


def regular(path: str, shown: str) -> None:
    """Refuse what can be opened and never ends, or waits for a writer: pipes, devices and sockets.

    Raises:
        DataError: naming what lies at the local ``path``.
    """
    kind = special(path)
    if kind is not None:
        raise DataError(shown, expected="a regular file or a folder", got=kind, fix="write the rows to a file first")


def special(path: str) -> str | None:
    """What a path is, when it is neither a regular file nor a folder nor missing.

    >>> special("/dev/null"), special("/")
    ('a device', None)
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return kinds.get(stat.S_IFMT(mode))


def lost(path: str) -> bool:
    """Whether a local path is a link that leads nowhere."""
    return os.path.islink(path) and not os.path.exists(path)


def _walked(folder: str, shown: str) -> Iterator[str]:
    """The files below a local folder. A link to a folder around it is left out: what lies there is found without it."""
    root = os.path.realpath(folder)
    seen = {root}
    ahead = [(folder, frozenset((root, *map(str, PurePath(root).parents))))]
    while ahead:
        here, around = ahead.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                if not os.path.isdir(entry.path):
                    if os.path.isfile(entry.path) or entry.is_symlink() or special(entry.path) is not None:
                        yield entry.path
                    continue
                real = os.path.realpath(entry.path)
                if real in around:
                    continue
                if real in seen:
                    raise DataError(
                        shown, expected="every folder once", got=f"{entry.path} a second time, by a link", fix="remove the link"
                    )
                seen.add(real)
                ahead.append((entry.path, around | {real}))


def unreadable(shown: str, error: Exception) -> DataError:
    """The one sentence for a fault of storage; every library has its own errors, so they are told by name."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    expected, got, fix = "storage that answers", _said(error), "check access and credentials"
    if names & {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"}:
        expected, got = "credentials", "none that are complete"
        fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role that exists"
    elif isinstance(error, PermissionError):
        expected, got, fix = "access", "access denied", "check the credentials and what they may read"
    elif isinstance(error, FileNotFoundError):
        expected, got, fix = "a file or a folder of images", "nothing there", "check the path"
    elif names & {"ConnectionError", "HTTPClientError", "FSTimeoutError", "TimeoutError", "ClientConnectionError"}:
        got, fix = f"no answer ({_said(error)})", "check the address of the storage (AWS_ENDPOINT_URL) and the network"
    elif isinstance(error, OSError) and error.strerror:
        expected, got, fix = "a readable file", without_credentials(error.strerror), "check access"
    return DataError(shown, expected=expected, got=got, fix=fix)


def _said(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return without_credentials(text or type(error).__name__)[:200]


def _options(path: str) -> dict[str, Any]:
    """Beside the client's settings: what an earlier read listed is not believed."""
    return {"skip_instance_cache": True, **options(path)} if path.startswith(S3) else {}
