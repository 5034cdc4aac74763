"""How much a file may come to when it is read: more is refused before it fills the memory, and what is meant so can be allowed."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen, Real
from ntgate.errors import DataError

LONGEST = 2**24  # bytes of a record of csv, and of a line of jsonl
_BELIEVED = 2**28  # bytes; up to here any compression is believed
_A_CELL = 8  # bytes


class Limits(Frozen):
    """What a file may come to.

    Attributes:
        gib: of text, of an array, or of the cells of a table in eight bytes each, unpacked.
        times: how many times as large as it lies packed it may be, from 256 MiB on.
        megapixels: of one picture.

    >>> Limits().check("rows.csv.gz", unpacked=2**30, packed=2**20)
    Traceback (most recent call last):
    ...
    ntgate.errors.DataError: rows.csv.gz: expected at most 100 times as much as is packed, as data.limits.times says, got over \
1,024 MiB from 1; raise it if the file is meant so.
    """

    gib: Real = Field(8, gt=0, le=1_000_000)
    times: Real = Field(100, ge=1, le=1_000_000)
    megapixels: Real = Field(89, gt=0, le=178)  # beyond, Pillow refuses

    def check(self, shown: str, *, unpacked: int, packed: int) -> None:
        """Refuse what comes to so many bytes, or more, from so many packed ones.

        Raises:
            DataError: naming ``shown`` and the limit.
        """
        expected = None
        if unpacked > max(_BELIEVED, self.times * packed):
            expected = f"at most {self.times:g} times as much as is packed, as data.limits.times says"
        elif unpacked > self.gib * 2**30:
            expected = f"at most {self.gib:g} GiB, as data.limits.gib says"
        if expected is not None:
            got = f"over {unpacked / 2**20:,.0f} MiB from {packed / 2**20:,.2g}"
            raise DataError(shown, expected=expected, got=got, fix="raise it if the file is meant so")

    def check_table(self, shown: str, *, rows: int, columns: int, packed: int) -> None:
        """Refuse a table whose head says that it has so many rows and columns.

        Raises:
            DataError: naming ``shown`` and the limit.
        """
        self.check(shown, unpacked=rows * columns * _A_CELL, packed=packed)

    def too_large(self, width: int, height: int) -> str | None:
        """What is wrong with the size of a picture; None: nothing is."""
        if width * height <= self.megapixels * 1e6:
            return None
        return f"{width * height / 1e6:,.0f} megapixels, and data.limits.megapixels allows {self.megapixels:g}"
