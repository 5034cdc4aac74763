"""Readers of one's own: rows from wherever a project keeps them, as a table or as arrays."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError, NtgateError
from ntgate.unions import OpenUnion

if TYPE_CHECKING:
    import pandas as pd

Content: TypeAlias = "pd.DataFrame | Mapping[str, npt.NDArray[Any]]"


class Reader(Frozen, ABC):
    """How the rows of a ``path`` are read. Subclasses are frozen configs with a ``kind``.

    Attributes:
        kind: names it in configs.
    """

    kind: str

    @abstractmethod
    def read(self, path: str) -> Content:
        """The rows as a table with a header, or arrays as an npz would hold them: ``x`` ``(n, ...)``, ``y`` ``(n,)`` and others.

        Args:
            path: as the config has it: absolute where it is a local one, else an address such as ``s3://`` or ``postgresql://``.
        """


READERS: OpenUnion[Reader] = OpenUnion(Reader, "a reader", "ntgate.readers", bare=True, optional=True)


def read_with(reader: Reader, path: str, shown: str) -> pd.DataFrame | io.BytesIO:
    """What a reader finds at ``path``: a table with columns of text names, or arrays as the bytes of an npz.

    Raises:
        DataError: when the reader fails, or answers neither of them; messages have ``shown`` for the path.
    """
    import pandas as pd

    try:
        content: Any = reader.read(path)
    except NtgateError:
        raise
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split()).replace(path, shown)}"
        raise DataError(shown, expected=f"rows that the reader {reader.kind} reads", got=said, fix="correct one") from error
    if isinstance(content, pd.DataFrame):
        return content.rename(columns=str).reset_index(drop=True)
    packed = io.BytesIO()
    try:
        arrays = {str(name): np.asarray(array) for name, array in content.items()}
        np.savez(packed, allow_pickle=False, **arrays)
    except (AttributeError, ValueError) as error:
        raise DataError(
            shown,
            expected=f"a DataFrame, or arrays of numbers and text by name, from the reader {reader.kind}",
            got=type(content).__name__ if isinstance(error, AttributeError) else str(error),
            fix="return one of them",
        ) from error
    packed.seek(0)
    return packed
