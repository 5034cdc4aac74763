"""Whether every record of a csv file is whole: looked at before a parser cuts, pads or shifts fields in silence."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.limits import LONGEST
from ntgate.errors import DataError

_BLOCK = 2**24  # bytes looked at together
_QUOTE, _LINE, _RETURN = b'"\n\r'
_END = "\0"  # which no text has
_SHOWN = 5  # lines named one by one

Positions: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]


def check_records(file: IO[bytes], separator: str, width: int, where: str) -> tuple[bool, int, int]:
    """Every record has ``width`` fields; or every one but the header ends in one separator more, as some programs write it.

    Fields between quotes may hold separators and line ends. Empty lines count for nothing.

    Returns:
        Whether every record but the header ends in one separator more; bytes that no record exceeds; and how many records
        there are, the header among them.

    Raises:
        DataError: with the numbers of the lines, on other records, a quote that nothing closes, NUL characters, bytes that are
            no UTF-8, or a longer record.
    """
    file.seek(len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0)
    found, rest, line = _Found(separator, width, where), b"", 1
    while True:
        read = file.read(_BLOCK)
        block = rest + read
        records = _Records(block, separator, last=not read)
        if records.doubtful:  # a quote inside a field: to be read sign by sign, as the parser does
            file.seek(-len(block), io.SEEK_CUR)
            found.add_one_by_one(file, line)
            break
        found.add(records, line)
        if not read:
            break
        line += records.lines
        rest = block[records.size :]
        if len(rest) > LONGEST:
            raise found.too_long(line)
    found.judge()
    return found.trailing > 0, found.longest, found.records


class _Records:
    """The whole records in a block that begins with one.

    Attributes:
        content: their bytes.
        size: how many bytes they take.
        doubtful: whether a quote stands where it neither opens nor closes a field.
        starts: where each begins ``(n,)``.
        stops: where each ends ``(n,)``, at its line end.
        fields: how many fields each has ``(n,)``.
    """

    def __init__(self, block: bytes, separator: str, *, last: bool) -> None:
        signs = np.frombuffer(block, np.uint8)
        ends, mark = _line_ends(signs, b"\r" in block, last=last), ord(separator)
        stops, marks = ends, signs == mark
        quotes = np.flatnonzero(signs == _QUOTE) if b'"' in block else ends[:0]
        if len(quotes):
            outside = np.cumsum(signs == _QUOTE, dtype=np.uint8) % 2 == 0
            stops, marks = ends[outside[ends]], marks & outside
        self.size = len(block) if last else int(stops[-1]) + 1 if len(stops) else 0
        if last and len(block) and not (len(stops) and stops[-1] == len(block) - 1):
            stops = np.append(stops, len(block))
        self.doubtful = _doubtful(signs[: self.size], quotes[quotes < self.size], mark)
        self.content, self.starts, self.stops = block[: self.size], np.append([0], stops[:-1] + 1)[: len(stops)], stops
        self._ends = ends[ends < self.size]
        self.fields = _counted(marks[: self.size], self.starts, stops).astype(np.int64) + 1
        self._signs, self._mark = signs, mark

    @property
    def lines(self) -> int:
        """How many lines they take."""
        return len(self._ends)

    def line(self, position: int) -> int:
        """The number of line ends before a position."""
        return int(np.searchsorted(self._ends, position))

    @property
    def blank(self) -> npt.NDArray[np.bool_]:
        """Which of them ``(n,)`` are empty lines."""
        empty = np.zeros(len(self.stops), dtype=bool)
        for i in np.flatnonzero(self.fields == 1):
            empty[i] = not self.content[self.starts[i] : self.stops[i]].strip()
        return empty

    @property
    def trailing(self) -> npt.NDArray[np.bool_]:
        """Which of them ``(n,)`` end in a separator."""
        final = self.stops - 1
        final = final - (self._signs[np.maximum(final, 0)] == _RETURN)
        return np.asarray((final >= self.starts) & (self._signs[np.maximum(final, 0)] == self._mark))


@dataclass
class _Found:
    """What was found in the records so far."""

    separator: str
    width: int
    where: str
    records: int = 0
    trailing: int = 0
    wrong: int = 0
    longest: int = 0
    more: bool = False
    shown: list[str] = field(default_factory=list)

    def add(self, records: _Records, line: int) -> None:
        """Look at a block of records, the first of which begins in ``line``."""
        self._refuse_no_text(records, line)
        counted = np.ones(len(records.stops), bool) if self.width == 1 else ~records.blank
        wrong = np.flatnonzero(counted & (records.fields != self.width))
        self.records += int(counted.sum())
        self.longest = max(self.longest, int((records.stops - records.starts).max(initial=0)))
        self.wrong += len(wrong)
        if not len(wrong):
            return
        self.trailing += int((counted & records.trailing & (records.fields == self.width + 1)).sum())
        self.more |= bool((records.fields[wrong] > self.width).any())
        for i in wrong[: _SHOWN - len(self.shown)]:
            self.shown.append(_fields(int(records.fields[i]), line + records.line(int(records.starts[i]))))

    def add_one_by_one(self, file: IO[bytes], line: int) -> None:
        """Look at all further records in ``file``, the first of which begins in ``line``."""
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        reader = csv.reader(self._lines(text, line), delimiter=self.separator)
        begins, self.longest = line, LONGEST
        try:
            for fields in reader:
                if fields and fields[-1].endswith(_END):
                    if fields != [_END, _END]:
                        raise self._open(begins)
                    break
                if len(fields) > 1 or (fields and (self.width == 1 or fields[0] == "" or fields[0].strip())):
                    self.records += 1
                    if len(fields) != self.width:
                        self.wrong += 1
                        self.more |= len(fields) > self.width
                        self.trailing += len(fields) == self.width + 1 and not fields[-1]
                        if len(self.shown) < _SHOWN:
                            self.shown.append(_fields(len(fields), begins))
                begins = line + reader.line_num
        except UnicodeDecodeError as error:
            raise self._no_utf8(error, line + reader.line_num) from error
        except csv.Error as error:
            raise DataError(self.where, expected="a csv file", got=f"{error} in line {begins}", fix="export it again") from error
        finally:
            text.detach()

    def judge(self) -> None:
        """Refuse what parsers would cut, pad or shift."""
        if not self.wrong or self.trailing == self.wrong == self.records - 1:
            return
        if self.width == 1:
            raise DataError(
                self.where,
                expected="a header in the first line",
                got=f"one field there, and {', '.join(self.shown)}{' and so on' if self.wrong > _SHOWN else ''}",
                fix="remove what stands above the header, or write `csv: {separator: ...}` beside its path",
            )
        more = f" and so on in {self.wrong - _SHOWN} more" if self.wrong > _SHOWN else ""
        fix = "put quotes around each field that holds a separator, or export it again without thousands separators"
        raise DataError(
            self.where,
            expected=f"{self.width} fields in every line, as in the header",
            got=", ".join(self.shown) + more,
            fix=fix if self.more else "fill in the fields that are missing",
        )

    def too_long(self, line: int) -> DataError:
        """The error for a record that has no end in sight."""
        return DataError(
            self.where,
            expected=f"records of at most {LONGEST // 2**20} MiB",
            got=f"a longer one from line {line} on",
            fix="break it into lines, and close every quote",
        )

    def _lines(self, text: io.TextIOWrapper, line: int) -> Iterator[str]:
        while found := text.readline(LONGEST + 1):
            if len(found) > LONGEST:
                raise self.too_long(line)
            if "\0" in found:
                raise self._nul([line])
            yield found
            line += 1
        yield f"{_END}{self.separator}{_END}"  # two fields, unless a quote is open still

    def _refuse_no_text(self, records: _Records, line: int) -> None:
        if b"\0" in records.content:
            places = np.flatnonzero(np.frombuffer(records.content, np.uint8) == 0)
            raise self._nul(sorted({line + records.line(int(place)) for place in places[:1000]}))
        try:
            records.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._no_utf8(error, line + records.line(error.start)) from error

    def _open(self, line: int) -> DataError:
        return DataError(
            self.where,
            expected="quotes in pairs",
            got=f"one in line {line} that is open still at the end of the file",
            fix="export it again where it was cut off, or remove the quote",
        )

    def _nul(self, lines: list[int]) -> DataError:
        named = ", ".join(map(str, lines[:_SHOWN])) + (" and more" if len(lines) > _SHOWN else "")
        return DataError(
            self.where,
            expected="text",
            got=f"NUL characters in line{'s' if len(lines) > 1 else ''} {named}",
            fix="export it again, in UTF-8",
        )

    def _no_utf8(self, error: UnicodeDecodeError, line: int) -> DataError:
        return DataError(
            self.where,
            expected="a csv file in UTF-8",
            got=f"the byte {error.object[error.start]:#04x} in line {line}",
            fix="export it in UTF-8, or write `csv: {encoding: cp1252}` beside its path, where that is how it is written",
        )


def _fields(count: int, line: int) -> str:
    return f"{count} in line {line}"


def _line_ends(signs: Bytes, returns: bool, *, last: bool) -> Positions:
    """Where lines end; a return at the very end of a block may be the first half of an end."""
    ends = np.flatnonzero(signs == _LINE)
    if not returns:
        return ends
    found = np.flatnonzero(signs == _RETURN)
    follower = np.append(signs, 0 if last else _LINE)[found + 1]
    return np.sort(np.concatenate([ends, found[follower != _LINE]]))


def _counted(marks: npt.NDArray[np.bool_], starts: Positions, stops: Positions) -> npt.NDArray[Any]:
    """How many marks each record has ``(n,)``, in the smallest type that holds as many as the longest has bytes: the quickest."""
    if not len(stops):
        return stops
    kind = np.uint16 if (stops - starts).max() < 2**16 else np.uint32
    return np.asarray(np.add.reduceat(marks.view(np.uint8), starts, dtype=kind))


def _doubtful(signs: Bytes, quotes: Positions, mark: int) -> bool:
    """Whether some quote neither opens a field, nor closes one, nor is one of two that stand for one."""
    if not len(quotes):
        return False
    if len(quotes) % 2:
        return True
    around = np.concatenate([[_LINE], signs, [_LINE]])
    bounds = (mark, _LINE, _RETURN, _QUOTE)
    before, after = around[quotes[::2]], around[quotes[1::2] + 2]
    return not (np.isin(before, bounds).all() and np.isin(after, bounds).all())
