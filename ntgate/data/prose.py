"""What people wrote, and no names, codes or categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntgate.data.words import plain_words

_UNIQUE = 0.5  # different ones by known ones
_FEWEST = 20  # different ones; fewer are categories, however long
_WORDS = 4  # of a usual one, without numbers: dates have fewer, and so have names
_LOOKED_AT, _CHARACTERS = 1000, 2000  # texts, and their beginnings


def prose(different: Sequence[str], rows: int) -> bool:
    """Whether the ``different`` cells of so many ``rows`` are texts that people wrote.

    >>> prose([f"patient {i} is well" for i in range(30)], 30), prose([f"patient {i} was well again" for i in range(30)], 30)
    (False, True)
    """
    if len(different) < _FEWEST or len(different) <= _UNIQUE * rows:
        return False
    some = different[:: 1 + len(different) // _LOOKED_AT]
    return float(np.median([plain_words(text[:_CHARACTERS]) for text in some])) >= _WORDS
