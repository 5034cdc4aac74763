"""Columns that are plain, or nearly."""

from __future__ import annotations

from tests.data.situations.build import NUMBER, Situation, normal, of, sentence, some, texts, whole

PLAIN = [
    Situation("Numbers", "reads", NUMBER, normal, kind="number"),
    Situation("Whole numbers", "reads", NUMBER, whole(0, 90), kind="number"),
    Situation("Numbers in scientific notation", "reads", NUMBER, texts(lambda v: f"{v:.3e}"), kind="number"),
    Situation("A few texts", "reads", "c  category", of("north", "south"), kind="category"),
    Situation("A column with one value", "reads", NUMBER, of(7), kind="number"),
    Situation("A column in which nothing stands", "reads", "missing", of(None), kind="number"),
    Situation("Numbers with gaps", "reads", "missing", some(normal, None), kind="number"),
    Situation("Numbers with spaces around them", "reads", NUMBER, texts(lambda v: f"  {v:.1f} "), kind="number"),
    Situation("true and false", "reads", NUMBER, of("true", "false"), kind="number"),
    Situation("True and False with gaps", "reads", "missing", some(of("True", "False"), None), kind="number"),
    Situation(
        "A truth value with gaps in the source alone",
        "reads",
        "missing",
        some(of("True", "False"), None),
        of("True", "False"),
        kind="number",
    ),
    Situation("yes and no, written alike", "reads", "c  category", of("yes", "no"), kind="category"),
    Situation("yes, Yes, no and No", "reads", "yes and no as 1 and 0", of("yes", "Yes", "no", "No"), kind="number"),
    Situation("Y, N, true and false", "reads", "yes and no as 1 and 0", of("Y", "N", "true", "false"), kind="number"),
    Situation(
        "yes and no in one file, True and False in the other",
        "reads",
        "yes and no as 1 and 0",
        of("yes", "no"),
        of(True, False),
        kind="number",
    ),
    Situation("Sentences", "reads", "c  text", sentence, kind="text"),
    Situation(
        "A few long texts", "reads", "c  category", of("the very same five words", "quite another five words here"), kind="category"
    ),
    Situation(
        "Texts and numbers, few different ones", "reads", "numbers and texts", of("A1", "2", "3"), whole(2, 4), kind="category"
    ),
    Situation("Texts with a comma between quotes", "reads", "c  category", of("Lee, Ann", "Poe, Ed"), kind="category"),
    Situation("Texts with line ends between quotes", "reads", "c  category", of("two\nlines", "one line"), kind="category"),
    Situation("Texts beyond ASCII", "reads", "c  category", of("grün", "weiß", "東京"), kind="category"),
    Situation("Texts that differ by their case", "asks", "differ by their spelling alone", of("Red", "red", "blue")),
    Situation(
        "Hundreds of different names, a third of the rows",
        "reads",
        "c  category",
        lambda n, rng: [f"n{v}" for v in rng.integers(0, n // 3, n)],
        kind="category",
    ),
    Situation("A mark above a letter as a sign of its own", "asks", "Ko\\u0308ln", of("Köln", "Bonn"), of("Ko\u0308ln", "Bonn")),
    Situation(
        "Texts with a space or a line between words",
        "asks",
        "'dark red' and 'dark_red'",
        of("dark red", "blue"),
        of("dark_red", "blue"),
    ),
    Situation(
        "M and F in one file, male and female in the other",
        "reads",
        "Column 'c': 100% of the target's rows have what no row of the source has",
        of("M", "F"),
        of("male", "female"),
        kind="category",
    ),
    Situation(
        "Short texts in every row",
        "asks",
        "or `category` or `text`",
        lambda n, rng: [" ".join(text.split()[:3]) + f" {i}" for i, text in enumerate(sentence(n, rng))],
    ),
]
