"""All that a search of MLflow finds, page by page."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_SIZE = 1000  # of what one request may answer


def pages(search: Any, *arguments: Any, _size: int = _SIZE, keep: Callable[[Any], Any] | None = None, **keywords: Any) -> list[Any]:
    """What a search finds, or of each what ``keep`` makes of it, so that the rest is not held."""
    return [found if keep is None else keep(found) for found in page_by_page(search, *arguments, _size=_size, **keywords)]


def page_by_page(search: Any, *arguments: Any, _size: int = _SIZE, **keywords: Any) -> Iterator[Any]:
    """What a search finds; the next page is asked for when somebody wants more than the one before."""
    token: str | None = None
    while True:
        with _uncollected():
            page = search(*arguments, max_results=_size, page_token=token, **keywords)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for cycles, which goes through everything that is imported every few thousand rows.

    A page of a thousand runs makes tens of thousands of objects that all live until it ends: more than half of its seconds went
    into a search that can find nothing.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
