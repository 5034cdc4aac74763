"""Reading a page back: what is balanced, what people see, what would be loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect", "circle", "line", "col"}
UNSEEN = {"style", "title", "defs"}


class Page(HTMLParser):
    """A page as a list of tags with attributes, and its visible text; parsing fails when a tag is not closed in order.

    Attributes:
        tags: name and attributes of each tag.
        words: visible text, without that of drawings.
        drawn: text inside drawings.
        rows: the cells of each table row.
        facts: what each ``dt`` is said to be.
    """

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.words, self.drawn = [], [], [], []
        self.rows, self.facts, self.facts_of = [], {}, ""
        self.feed(text)
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if UNSEEN & set(self.open):
            return
        if "svg" in self.open:
            self.drawn.append(data)
            return
        self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
        if "dt" in self.open:
            self.facts_of = data
        elif "dd" in self.open:
            self.facts[self.facts_of] = self.facts.get(self.facts_of, "") + (" | " if "small" in self.open else "") + data

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.words))

    def attribute(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture
def read():
    return Page
