"""Text from outside in Markdown, read by a renderer of GitHub's kind."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from ntgate.markdown import escaped
from tests.deploy.summary import summary

HOSTILE = [
    "feature_extraction",
    "_a_ and __b__",
    "a|b",
    "two\nlines",
    "<img src=x onerror=alert(1)>",
    "`code`",
    "**bold** ~~gone~~",
    "[x](https://evil.example)",
    "![x](//evil.example/y.png)",
    "https://evil.example",
    "www.evil.example",
    "a & b &lt; &#95;",
    "$x$ \\| back\\slash",
    "[+0.01, +0.05] #12",
    "<!-- hidden -->",
    "[x]: //evil.example",
]


@pytest.mark.parametrize("escape", [escaped, summary.plain], ids=["pages", "summary"])
@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_shown_as_it_is_and_is_nothing_else(escape, text):
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(f"| a | b |\n| --- | --- |\n| {escape(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert len(cells) == 2
    assert "<" not in cells[0]
    assert html.unescape(cells[0]) == " ".join(text.split())


def test_mentions_mention_nobody():
    assert "@someone" not in html.unescape(summary.plain("ask @someone"))
