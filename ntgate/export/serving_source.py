"""The source of what serves a model where ntgate is not installed."""

from __future__ import annotations

from pathlib import Path

from ntgate.data import cells

_IMPORT = "from ntgate.data.cells import numbers, seconds, texts, token_ids\n"
_FUTURE = "from __future__ import annotations\n"


def serving_source() -> str:
    """:mod:`ntgate.export.serving` with :mod:`ntgate.data.cells` written into it, one module that needs nothing of ntgate.

    >>> "ntgate.data" in serving_source().partition('os.environ')[2]
    False
    """
    own = (Path(__file__).parent / "serving.py").read_text(encoding="utf-8")
    before, line, after = own.partition(_IMPORT)
    assert line
    return before + Path(cells.__file__).read_text(encoding="utf-8").partition(_FUTURE)[2] + after
