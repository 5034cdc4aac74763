"""Texts: which columns are some, and their terms against scikit-learn's and onnxruntime's own reading."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.feature_extraction.text import TfidfVectorizer

from ntgate.data.column_kinds import settled
from ntgate.data.domain import Domain, joined
from ntgate.data.encoder import fit_encoder, fit_text_encoder
from ntgate.data.storage import load, save
from ntgate.data.tfidf import fit_tfidf
from ntgate.data.words import WORD, words_of

# What texts hold where nobody expects it: scripts without spaces, marks on letters, symbols, odd spaces, case without a pair.
HARD = [
    "",
    "   ",
    "...!!!",
    "Don't SHOUT, please!",
    "ŒUVRE Café CAFÉ cafe\u0301 naïve",
    "好的 电影很好。",
    "อร่อยมาก",
    "とても良い本です",
    "love 😀😀 ★★★★☆",
    "tab\tnew\nline\r\nend",
    "GrEaT",
    "ẞtraße STRASSE straße",
    "İstanbul ıstanbul",
    "x" * 5000,
    "a\x01b\x7fc",
    "“quoted” text’s — dash…",
    "1,234.5 on 2024-01-01",
    "Ǆ ǅ ǆ",
    "\u200bzero\u200bwidth\ufeff",
    "None",
    "none of it",
    "NaN",
    "क्या बात है",
]


def notes(n: int, seed: int = 0) -> list[str]:
    """Sentences of ten of fifty words."""
    rng = np.random.default_rng(seed)
    words = np.array([f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(50)])
    return [" ".join(rng.choice(words, 10)) for _ in range(n)]


def test_onnxruntime_parts_the_words_that_python_does():
    node = helper.make_node("Tokenizer", ["t"], ["w"], domain="com.microsoft", mark=0, pad_value="", mincharnum=1, tokenexp=WORD)
    ends = [helper.make_tensor_value_info(name, TensorProto.STRING, shape) for name, shape in (("t", ["n"]), ("w", ["n", "k"]))]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:]), opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    every = [chr(code) for code in range(1, 0x30000, 7) if not 0xD800 <= code < 0xE000]
    given = [*HARD, *("a" + sign + "b" for sign in every)]
    (found,) = session.run(None, {"t": np.array(given, dtype=object)})
    assert [[word for word in row if word] for row in found.tolist()] == [words_of(text) for text in given]


@pytest.mark.parametrize("texts", [notes(200), HARD * 2], ids=["plain", "hard"])
def test_terms_are_those_of_scikit_learn(texts):
    found = fit_tfidf("note", texts, most=10_000)
    names = [*found.words, *(f"{found.words[a]} {found.words[b]}" for a, b in found.pairs)]
    reference = TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        token_pattern=None,
        lowercase=False,
        vocabulary=names,
        tokenizer=lambda text: [] if text in ("None", "NaN") else [word.lower() for word in words_of(text)],
    )
    expected = reference.fit_transform(["" if text in ("None", "NaN") else text for text in texts])
    assert len(names) == len(set(names))
    np.testing.assert_allclose(found.encode(texts).toarray(), expected.toarray(), atol=1e-6)


def test_the_most_frequent_terms_are_kept_and_no_pair_without_its_words():
    texts = notes(300)
    found = fit_tfidf("note", texts, most=60)
    assert found.width == 60
    assert len(found.words) == 50  # every word stands in more texts than any pair
    assert all(0 <= word < 50 for pair in found.pairs for word in pair)
    assert fit_tfidf("note", ["", ""]).encode(["a word"]).shape == (1, 0)


PROSE = [f"The parcel number {i} came late and was broken" for i in range(40)]
COLUMNS = {
    "review": (PROSE, True),
    "chinese": ([f"第{i}个包裹来晚了而且坏了" for i in range(40)], True),
    "repeated": (PROSE[:5] * 8, False),
    "name": ([f"Anna Maria Smith {i}" for i in range(40)], False),
    "address": ([f"{i} Main Street, Springfield {i}" for i in range(40)], False),
    "time": ([f"Wed, {i % 28 + 1} Jan 2024 10:{i:02}:00 GMT" for i in range(40)], False),
    "code": ([f"user-{i}" for i in range(40)], False),
    "path": ([f"https://host/{i}/file.txt" for i in range(40)], False),
}


def test_what_people_wrote_is_text_and_names_dates_and_codes_are_not():
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, (cells, _) in COLUMNS.items()})
    found = settled({"source": Domain("source", frame, None)})[0]["source"]
    assert found.texts == tuple(name for name, (_, text) in COLUMNS.items() if text)


def test_a_column_is_judged_in_all_domains_together_and_stays_text_on_its_way(tmp_path):
    few = Domain("target", pd.DataFrame({"note": pd.Series(PROSE[:6], dtype=object)}), None)
    many = Domain("source", pd.DataFrame({"note": pd.Series(PROSE[6:], dtype=object)}), None)
    assert settled({"target": few})[0]["target"].texts == ()
    domains = settled({"source": many, "target": few})[0]
    assert {domain.texts for domain in domains.values()} == {("note",)}
    kept = load(save(domains["target"], tmp_path / "rows"))
    assert kept.texts == kept.take(np.arange(2)).texts == joined([kept, kept], "both").texts == ("note",)


def test_texts_stand_behind_the_other_columns():
    frame = pd.DataFrame({"note": pd.Series(PROSE, dtype=object), "age": np.arange(40, dtype=np.float32)})
    domain = settled({"source": Domain("source", frame, None)})[0]["source"]
    assert fit_encoder(domain).shape == (1,)
    encoder = fit_text_encoder(domain)
    rows = encoder.encode(frame).toarray()
    assert encoder.shape == (rows.shape[1],)
    assert rows[:, 0].tolist() == frame["age"].tolist()
    assert np.linalg.norm(rows[:, 1:], axis=1) == pytest.approx(1)
    assert type(encoder).model_validate_json(encoder.model_dump_json()) == encoder


def test_what_the_config_calls_text_is_compared_by_topics_and_what_it_calls_a_category_is_not():
    from ntgate.data.column_form import ColumnRead
    from ntgate.shift.columns.features import named_features

    titles = pd.DataFrame({"title": pd.Series([f"{word} tale" for word in " ".join(notes(8)).split()], dtype=object)})
    stories = pd.DataFrame({"title": pd.Series(PROSE, dtype=object)})
    for frame, kind, topics in ((titles, "text", True), (titles, "category", False), (stories, "category", False)):
        domains = {name: Domain(name, frame, None) for name in ("source", "target")}
        told = settled(domains, {"title": ColumnRead(kind=kind)})[0]
        found = named_features(told["source"], told["target"])
        assert any("topic" in name for name in found.names) == topics
