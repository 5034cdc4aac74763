"""What a reader of jsonl would pass over in silence: a key that an object has twice, and halves of characters."""

from __future__ import annotations

import codecs
import json
import re
from typing import IO, Any

from ntgate.errors import DataError

_BLOCK = 2**22  # bytes that are parsed together
_NULL = re.compile(rb"\n[ \t\r]*null")  # without line ends among the blanks, over which it would go again and again


def check_objects(file: IO[bytes], where: str) -> None:
    """Refuse objects in which a key stands twice, of which readers keep the last, and halves of characters, which they drop.

    A parser in C++ looks at everything first, in a tenth of the time that reading takes. It refuses these two, and more that is
    read, such as numbers and texts under one key: where it does, Python's own looks again and has the last word. What is no
    JSON at all is left to the reader.

    Raises:
        DataError: naming the line, or what stands in one.
    """
    import pyarrow as pa
    from pyarrow import json as parser

    _refuse_null(file, where)
    try:
        parser.read_json(file, parser.ReadOptions(block_size=_BLOCK))
    except (pa.ArrowInvalid, UnicodeDecodeError):  # the latter from an error that quotes the file
        file.seek(0)
        _look(file, where)
    finally:
        file.seek(0)


def _refuse_null(file: IO[bytes], where: str) -> None:
    """A line of null in place of an object ends the process in the parser's C++ where one of its blocks begins with it."""
    before = b"\n"
    while block := file.read(_BLOCK):
        text = before + (block.removeprefix(codecs.BOM_UTF8) if before == b"\n" else block)
        if _NULL.search(text):
            raise DataError(where, expected="one JSON object a line", got="a line of null", fix="remove it, or export it again")
        end = text[text.rfind(b"\n") :]  # of a line whose rest is in the next block
        before = end if len(end.strip()) < len(b"null") else b"..."
    file.seek(0)


def _look(file: IO[bytes], where: str) -> None:
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8-sig")
            found = json.loads(f"[{text}]", object_pairs_hook=_object, strict=False)
            if "\\u" in text:
                json.dumps(found, ensure_ascii=False).encode()
        except _TwiceError as error:
            raise DataError(
                where, expected="every key of an object once", got=f"{error} in line {number}", fix="drop one"
            ) from None
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])
            raise DataError(
                where, expected="text", got=f"half of a character, {half}, in line {number}", fix="export it again, in UTF-8"
            ) from error
        except (ValueError, RecursionError):
            continue


class _TwiceError(Exception):
    """A key that stands twice, as messages show it."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise _TwiceError(f"{ascii(twice)[1:-1][:60]} twice")
    return found
