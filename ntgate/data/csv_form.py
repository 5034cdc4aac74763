"""How a csv file has to be read: its separator, its decimal mark, its header."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import IO

from ntgate.data.csv_records import check_records
from ntgate.data.limits import LONGEST
from ntgate.data.specs import CsvSpec
from ntgate.errors import DataError

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LOOKED_AT = 2**20  # characters from which the decimal mark is told
_COMMA, _POINT = (re.compile(rf'"?[+-]?\d+{mark}\d+"?') for mark in (",", r"\."))
_POINTS, _COMMAS = (re.compile(rf'"?[+-]?[1-9]\d{{0,2}}({mark}\d{{3}})+"?') for mark in (r"\.", ","))  # thousands, perhaps


@dataclass(frozen=True)
class CsvForm:
    """How a csv file has to be read.

    Attributes:
        separator: what stands between fields.
        decimal: what stands between a number's whole part and its fraction.
        header: the names of the columns.
        trailing: whether each record but the header ends in one separator more.
        longest: bytes that no record exceeds.
        records: how many there are, the header among them.
    """

    separator: str
    decimal: str
    header: tuple[str, ...]
    trailing: bool = False
    longest: int = LONGEST
    records: int = 1

    @property
    def said(self) -> str:
        """What is not as usual, for people.

        >>> CsvForm(";", ",", ("a",)).said
        'fields between semicolons, decimal commas'
        """
        fields = [] if self.separator == "," else [f"fields between {_SEPARATORS[self.separator]}"]
        return ", ".join(fields + ([] if self.decimal == "." else ["decimal commas"]))


def csv_form(file: IO[bytes], where: str, given: CsvSpec | None = None) -> CsvForm:
    """The form of a csv file in UTF-8, all of whose records were found to have it.

    Args:
        file: to be read from its begin, in blocks.
        where: what messages call the file.
        given: what the config says of it.

    Raises:
        DataError: when it is no text, or a record is too long or has more or fewer fields than the header.
    """
    file.seek(0)
    start = file.read(LONGEST).decode("utf-8-sig", errors="replace")
    given = given or CsvSpec()
    separator = given.separator or _separator(start)
    header = _header(start, separator, where)
    header[0] = header[0].lstrip("\ufeff")  # a second mark of byte order
    if len(header) > 1 and not header[0].strip():
        header[0] = "Unnamed: 0"  # as pandas, which writes its index so, calls it
    trailing, longest, records = check_records(file, separator, len(header), where)
    return CsvForm(separator, given.decimal or _decimal(start, separator), tuple(header), trailing, longest, records)


def _separator(start: str) -> str:
    """The separator that parts header and first row into equally many fields, or else the header into most."""
    bare = re.sub(r'"[^"]*"', "", start[:_LOOKED_AT])
    first = [line for line in re.split(r"\r\n|\r|\n", bare) if line.strip()][:2]
    if not first:
        return ","
    counts = {sign: [line.count(sign) for line in first] for sign in _SEPARATORS}
    return max(_SEPARATORS, key=lambda sign: (min(counts[sign]) > 0 and len(set(counts[sign])) == 1, counts[sign][0]))


def _header(start: str, separator: str, where: str) -> list[str]:
    try:
        for names in csv.reader(io.StringIO(start, newline=""), delimiter=separator):
            if names and (len(names) > 1 or names[0].strip()):
                if len(names) <= 2 and names[0].lower().startswith("sep="):  # which Excel reads and nobody else does
                    got = repr(separator.join(names))
                    raise DataError(where, expected="a header in the first line", got=got, fix="remove that line")
                return names
    except csv.Error as error:
        raise DataError(where, expected="a header", got=str(error), fix="export it again") from error
    raise DataError(where, expected="a csv file with a header", got="nothing in it", fix="export it again")


def _decimal(start: str, separator: str) -> str:
    """A comma where numbers surely have one, and no point but between thousands; between commas only a quoted number could.

    A comma before three digits may stand between thousands: what such a column holds all files decide together.
    """
    if separator == ",":
        return "."
    fields = [field.strip() for line in start[:_LOOKED_AT].splitlines()[1:] for field in line.split(separator)]
    points = (field for field in fields if _POINT.fullmatch(field))
    commas = (field for field in fields if _COMMA.fullmatch(field))
    return "," if not all(map(_COMMAS.fullmatch, commas)) and all(map(_POINTS.fullmatch, points)) else "."
