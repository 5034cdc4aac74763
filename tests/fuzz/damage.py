"""How input is damaged: a few edits of bytes, or of the values in a tree of JSON or YAML."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

# What readers, parsers and arithmetic trip over.
TOKENS = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"|",
    b"\\",
    b" ",
    b"NaN",
    b"inf",
    b"-inf",
    b"1e400",
    b"-0",
    b"0x10",
    b"1,234",
    b"1,5",
    b"12 %",
    b"?",
    b"999999999999999999999",
    b"\xe2\x80\xae",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"true",
    b"&a ",
    b"*a",
    b"!!python/object/apply:os.system ",
    b"<<: ",
    b"${HOME}",
    b"\x1b[31m",
    b"2024-02-30",
    b"9999-12-31",
    b"\xf0\x9f\x8e\xb2",
    b"A" * 300,
    b"PK\x05\x06",
    b"\x93NUMPY",
    b"PAR1",
    b"\x89PNG",
)

edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "replace", "repeat", "shorten"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 40),
        st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=8)),
    ),
    min_size=1,
    max_size=6,
)

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**30, 0.0, -0.0, 1e-320, 1e308]),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from([token.decode("utf-8", "replace") for token in TOKENS]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)

# Where in the tree, what becomes of it, and by what it is replaced.
tree_edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(["replace", "remove", "rename", "twice"]), values),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    """``content`` after the edits.

    >>> damaged(b"abcdef", [("cut", 0.5, 2, b"")])
    b'abcf'
    """
    for kind, where, length, token in changes:
        at = int(where * (len(content) + 1))
        before, middle, after = content[:at], content[at : at + length], content[at + length :]
        content = {
            "flip": before + bytes(byte ^ (1 << length % 8) for byte in middle[:1]) + content[at + 1 :],
            "cut": before + after,
            "insert": before + token + content[at:],
            "replace": before + token + after,
            "repeat": before + middle * 3 + after,
            "shorten": before,
        }[kind]
    return content


def damaged_tree(tree: Any, changes: list[tuple[float, str, Any]]) -> Any:
    """A copy of ``tree`` with some of its values replaced, removed, renamed or doubled."""
    tree = copy.deepcopy(tree)
    for where, kind, value in changes:
        places = list(_places(tree))
        if not places:
            return value
        holder, key = places[int(where * len(places))]
        if kind == "remove":
            del holder[key]
        elif kind == "rename" and isinstance(holder, dict):
            holder[str(value)[:20]] = holder.pop(key)
        elif kind == "twice" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[key] = value
    return tree


def _places(tree: Any) -> Any:
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])
