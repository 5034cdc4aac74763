"""What is one thing in one file, and another in another."""

from __future__ import annotations

from collections.abc import Mapping


def unlike(found: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The names of the first and of the first that differs from it; None where all that are known are alike.

    >>> unlike({"source": "seconds", "target": None, "test": "days"}), unlike({"source": None, "target": "days"})
    (('source', 'test'), None)
    """
    known = [name for name, what in found.items() if what is not None]
    return next(((known[0], name) for name in known if found[name] != found[known[0]]), None)
