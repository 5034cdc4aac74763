"""All that a search of MLflow finds."""

from __future__ import annotations

from typing import Any

_SIZE = 1000  # of what one request may answer


def pages(search: Any, *arguments: Any, most: int | None = None, _size: int = _SIZE, **keywords: Any) -> list[Any]:
    """What a search finds, page by page, or the first ``most``."""
    results: list[Any] = []
    token: str | None = None
    while True:
        page = search(*arguments, max_results=_size, page_token=token, **keywords)
        results += page
        token = page.token
        if not token or (most is not None and len(results) >= most):
            return results
