"""Texts as words, in one pattern that Python's ``re`` and the RE2 of onnxruntime read alike.

Every character that parts words, or is a word of its own, is named: what a letter is, is the business of a Unicode version, and the
two libraries need not have the same.
"""

from __future__ import annotations

import re

_PARTING = (
    "\x01-\\ \\!-\\/\\:-\\@\\[-\\`\\{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u2000-\u206f"
    "\u3000-\u3004\u3008-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
# Symbols, and scripts that are written without spaces: Thai, kana, Chinese characters.
_ALONE = "\u0e00-\u0e7f\u2190-\u2bff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U0001f000-\U0001faff\U00020000-\U0003134f"
WORD = f"[{_ALONE}]|[^{_PARTING}{_ALONE}]+"
_word, _alone = re.compile(WORD), re.compile(f"[{_ALONE}]")


def words_of(text: str) -> list[str]:
    """The words of a text in their order, as they are written.

    >>> words_of("I don't like it, at ALL! 好的 café-crème")
    ['I', 'don', 't', 'like', 'it', 'at', 'ALL', '好', '的', 'café', 'crème']
    """
    return _word.findall(text)


def plain_words(text: str) -> int:
    """How many words without digits stand apart, by spaces or in a script that has none.

    >>> plain_words("https://host/some/file.txt"), plain_words("It broke after 2 days"), plain_words("第3个坏了")
    (1, 4, 4)
    """
    apart = sum(any(map(str.isalpha, part)) and not any(map(str.isdigit, part)) for part in text.split())
    return apart + sum(map(str.isalpha, _alone.findall(text)))
