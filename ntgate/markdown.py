"""Text from outside in Markdown: what a class, a column or a path is called stays text."""

from __future__ import annotations

import re

# As entities, which every renderer of Markdown shows as the sign itself, also inside of tables.
_SIGNS = str.maketrans({sign: f"&#{ord(sign)};" for sign in "\\`|<>*_#~$&"})


def escaped(text: object) -> str:
    """``text`` on one line, in which nothing is markup, HTML, a link or a further column of a table.

    Each value is escaped once, where it is put into the page.

    >>> print(escaped("class_a | <b>x</b>"))
    class&#95;a &#124; &#60;b&#62;x&#60;/b&#62;
    >>> print(escaped("[+0.01, +0.05]"), escaped("[here](https://there)"))
    [+0.01, +0.05] [here&#93;(https&#58;//there)
    """
    line = " ".join(str(text).split()).translate(_SIGNS)
    line = re.sub(r"\](?=[(\[:])", "&#93;", line)
    return re.sub(r"(?i)(?<=www)\.", "&#46;", line.replace("://", "&#58;//"))
