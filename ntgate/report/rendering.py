"""Templates to HTML: everything that comes from data is escaped, and nothing is loaded from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(template: str, *styles: str, **values: Any) -> str:
    """The text of ``template`` with ``values``, which are escaped unless they are :class:`markupsafe.Markup`.

    Args:
        template: a file of the folder ``templates``.
        styles: style sheets of that folder, put into the page in this order.
        values: what the template names.
    """
    css = as_is("\n".join(_source(name).rstrip("\n") for name in styles))
    return _environment().get_template(template).render(css=css, **values)


def as_is(text: str) -> Markup:
    """``text`` as HTML that is not escaped: for our own files and for what matplotlib drew, which escapes by itself."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def save(page: str, path: Path) -> Path:
    """Write a page to ``path``, whose folder is made when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def relative(href: str | None) -> str | None:
    """``href`` when it is a plain relative path: a page must not be talked into linking elsewhere.

    >>> relative("evidently.html"), relative("javascript:alert(1)"), relative("../secret"), relative(None)
    ('evidently.html', None, None, None)
    """
    return href if href and re.fullmatch(r"[\w.-]+(/[\w.-]+)*", href) and ".." not in href.split("/") else None


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from ntgate.report import numbers, words

    environment = Environment(
        loader=PackageLoader("ntgate.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(words=words, numbers=numbers)
    environment.filters["number"] = numbers.number
    return environment


def _source(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
