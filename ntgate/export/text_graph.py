"""TF-IDF of a text column as ONNX operators: what is served takes the text itself.

Words come from the ``Tokenizer`` of onnxruntime, which every build of it has; ONNX itself only parts words at one delimiter.
Upper and lower case are ways of writing in a table, for the operator that changes them asks the machine for a locale that it may
not have.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ntgate.data.cells import MISSING
from ntgate.data.tfidf import TfIdf
from ntgate.data.words import WORD

CONTRIB, WORDS = "com.microsoft", "words"
_LEAST = 1e-12  # a text without known words stays a row of zeros


def text_nodes(text: TfIdf, inner: str, nodes: list[NodeProto], constants: list[TensorProto]) -> str:
    """Put the terms of the input ``text.name`` ``(n, 1)`` into ``nodes``; the name of the result ``(n, width)``."""

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), inner + name))
        return inner + name

    def node(operator: str, given: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, given, [inner + name], **attributes))
        return inner + name

    one = constant("one", np.float32(1))
    flat = node("Reshape", [text.name, constant("every_row", np.array([-1]))], "flat")
    called: dict[str, Any] = {"keys_strings": list(MISSING), "values_int64s": [1] * len(MISSING), "domain": "ai.onnx.ml"}
    missing = node("Cast", [node("LabelEncoder", [flat], "is_missing", default_int64=0, **called)], "missing", to=TensorProto.BOOL)
    given = node("Where", [missing, constant("nothing", np.array("", dtype=object)), flat], "given")
    words = node("Tokenizer", [given], WORDS, domain=CONTRIB, mark=0, pad_value="", mincharnum=1, tokenexp=WORD)
    forms: dict[str, Any] = {"keys_strings": list(text.forms), "values_int64s": list(text.forms.values())}
    known = node("LabelEncoder", [words], "numbers", domain="ai.onnx.ml", default_int64=-1, **forms)
    # One unknown word behind each text: where no text has a word there would be nothing to count in.
    ends = [constant("end", np.array([0, 0, 0, 1])), constant("unknown", np.int64(-1))]
    counts = node("TfIdfVectorizer", [node("Pad", [known, *ends], "ended")], "counts", **_terms(text))
    present = node("Min", [counts, one], "present")
    often = node("Add", [node("Log", [node("Max", [counts, one], "at_least_one")], "log"), one], "often")
    idf = constant("idf", np.array(text.idf, np.float32))
    weighed = node("Mul", [node("Mul", [present, often], "frequency"), idf], "weighed")
    length = node("ReduceL2", [weighed, constant("axis", np.array([1]))], "length")
    return node("Div", [weighed, node("Max", [length, constant("least", np.float32(_LEAST))], "divisor")], "terms")


def _terms(text: TfIdf) -> dict[str, Any]:
    """The attributes that say which terms are counted."""
    words = list(range(len(text.words)))
    attributes = {"mode": "TF", "min_gram_length": 1, "max_skip_count": 0, "ngram_indexes": list(range(text.width))}
    if not text.pairs:
        return {**attributes, "max_gram_length": 1, "ngram_counts": [0], "pool_int64s": words}
    pairs = [word for pair in text.pairs for word in pair]
    return {**attributes, "max_gram_length": 2, "ngram_counts": [0, len(words)], "pool_int64s": words + pairs}
