"""A matplotlib figure as SVG text that follows the colours of the page it is put into."""

from __future__ import annotations

import io
import re
import warnings
from enum import StrEnum
from typing import TYPE_CHECKING

from markupsafe import escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Role(StrEnum):
    """What a colour means. Each is a colour that nothing else uses, so that it can be found again in the drawing."""

    INK = "#000101"
    MUTED = "#000102"
    LINE = "#000103"
    PAPER = "#000104"
    ACCENT = "#000105"
    GOOD = "#000106"
    BAD = "#000107"
    UNSURE = "#000108"
    SOURCE = "#000109"
    TARGET = "#00010a"


def inline(figure: Figure, name: str, description: str) -> str:
    """SVG to be put into an HTML page, with colours from the page's custom properties ``--ink``, ``--muted`` and so on.

    Args:
        figure: what to draw; its colours are of :class:`Role`.
        name: distinguishes the identifiers in this drawing from those of others on the page: letters, digits, dashes.
        description: what the drawing shows, for people who do not see it.

    >>> from matplotlib.figure import Figure
    >>> text = inline(Figure(figsize=(1, 1)), "empty", "nothing & nobody")
    >>> text.startswith('<svg role="img" aria-label="nothing &amp; nobody"'), "http" in text
    (True, False)
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
    file = io.StringIO()
    # Text stays text (it can be read, found and zoomed); the salt makes equal drawings equal, character by character.
    # A sign that matplotlib's own font lacks is drawn by the reader's font: no cause for a warning.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ntgate"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ")
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*<style.*?</defs>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'\bhref="#', f'href="#{name}-', text).replace("url(#", f"url(#{name}-")
    for role in Role:
        text = text.replace(role.value, f"var(--{role.name.lower()})")
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    width, height = (72 * float(inch) for inch in figure.get_size_inches())
    head = f'<svg role="img" aria-label="{escape(description)}" viewBox="0 0 {width:g} {height:g}">'
    return re.sub(r"<svg[^>]*>", lambda _: head, text, count=1).strip()
