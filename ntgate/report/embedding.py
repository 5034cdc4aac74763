"""One of our pages as a part of another: MLflow and ZenML show a page in a sandbox, where a link to the file beside it is dead."""

from __future__ import annotations

import re
from typing import NamedTuple


class Part(NamedTuple):
    """The main part of a page as HTML, and the tone that its colours follow."""

    html: str
    tone: str


def part_of(page: str, prefix: str) -> Part | None:
    """The main part of a page that :func:`ntgate.report.rendering.render` made; None where there is none.

    Args:
        page: the whole page.
        prefix: of its identifiers, so that they meet none of the page it is put into: letters and a dash.

    >>> part_of('<body class="good"><main><h1 id="far">5 < 6</h1><a href="#far">x</a></main></body>', "d-")
    Part(html='<h2 id="d-far">5 < 6</h2><a href="#d-far">x</a>', tone='good')
    """
    body = re.search(r'<body class="([a-z]*)">.*?<main>(.*)</main>', page, re.DOTALL)
    if body is None:
        return None
    text = re.sub(r"<(/?)h1\b", r"<\1h2", body[2].strip())
    return Part(re.sub(r"<[^>]*>|url\(#", lambda found: _renamed(found[0], prefix), text), body[1])


def _renamed(tag: str, prefix: str) -> str:
    """A tag with its identifiers, and those that it refers to, under their new names."""
    tag = re.sub(r'\b(id|href)="(#?)([^"#:]+)"', lambda m: _reference(m, prefix), tag)
    tag = tag.replace("url(#", f"url(#{prefix}")
    return re.sub(
        r'\b(aria-(?:labelledby|describedby))="([^"]+)"',
        lambda m: f'{m[1]}="{" ".join(prefix + name for name in m[2].split())}"',
        tag,
    )


def _reference(found: re.Match[str], prefix: str) -> str:
    kind, sign, name = found.groups()
    return found[0] if kind == "href" and not sign else f'{kind}="{sign}{prefix}{name}"'
