"""How OpenMP's threads wait for work."""

from __future__ import annotations

import os


def sleep_soon() -> None:
    """Have idle threads sleep after a short spin, where the user has not decided otherwise.

    By default they wait by spinning: two programs on the same cores then slow each other down ten times instead of twice. A short
    spin costs a lone run nothing. libgomp reads this once, when torch is imported: it has no effect behind that.

    >>> sleep_soon()
    >>> os.environ["GOMP_SPINCOUNT"]
    '3000'
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
