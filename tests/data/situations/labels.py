"""Labels that differ by their spelling, that are none, and that are no classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.data.situations.build import Situation, file


def _both(source, target, other="no") -> dict:
    """Settings of a situation with one class called otherwise in the target."""
    return {"label": lambda y: np.where(y == "yes", source, other), "target_label": lambda y: np.where(y == "yes", target, other)}


def _fifth(name: str):
    """Every fifth label is another one."""
    return lambda y: np.where(np.arange(len(y)) % 5 == 0, name, y)


LABELS = [
    Situation(
        "Whole numbers as floats",
        "reads",
        "amount  number",
        label=lambda y: np.where(y == "yes", "1.0", "0.0"),
        data={"label_map": {"1": "yes", "0": "no"}},
    ),
    Situation(
        "Yes in one file, yes in the other",
        "asks",
        "label_map: {'no': 'No', 'yes': 'Yes'}",
        label=np.char.capitalize,
        target_label=lambda y: y,
    ),
    Situation(
        "The same, answered",
        "reads",
        "amount  number",
        label=np.char.capitalize,
        target_label=lambda y: y,
        data={"label_map": {"yes": "Yes", "no": "No"}},
    ),
    Situation(
        "Spellings that are classes of their own",
        "reads",
        "amount  number",
        label=np.char.capitalize,
        target_label=lambda y: y,
        data={"label_map": {"yes": "yes", "no": "no", "Yes": "Yes", "No": "No"}},
    ),
    Situation(
        "True in one file, 1 in the other",
        "asks",
        "differ by their spelling alone",
        label=lambda y: y == "yes",
        target_label=lambda y: (y == "yes").astype(int),
    ),
    Situation(
        "yes in one file, 1 in the other", "asks", "differ by their spelling alone", target_label=lambda y: (y == "yes").astype(int)
    ),
    Situation(
        "0111 in one file, 111 in the other",
        "asks",
        "'0111' and '111'",
        label=lambda y: np.where(y == "yes", "0111", "0222"),
        target_label=lambda y: np.where(y == "yes", 111, 222),
    ),
    Situation(
        "1.0 in one file, 1 in the other",
        "reads",
        "amount  number",
        label=lambda y: np.where(y == "yes", 1.0, 0.0),
        target_label=lambda y: (y == "yes").astype(int),
    ),
    Situation(
        "Two spaces inside one spelling",
        "asks",
        "'not ok' and 'not  ok'",
        label=lambda y: np.where(y == "yes", "ok", "not ok"),
        target_label=lambda y: np.where(y == "yes", "ok", "not  ok"),
    ),
    Situation(
        "Spaces around some labels", "reads", "amount  number", target_label=lambda y: [v + " " * (i % 3) for i, v in enumerate(y)]
    ),
    Situation(
        "A point behind each label of one file",
        "asks",
        "Labels differ by their spelling alone",
        target_label=lambda yes: np.char.add(yes.astype(str), "."),
    ),
    Situation(
        "No label in both files",
        "reads",
        "Source and target share no label",
        target_label=lambda yes: np.where(yes == "yes", "ja", "nein"),
    ),
    Situation(
        "Bytes written as text",
        "asks",
        "differ by their spelling alone",
        label=lambda y: [f"b'{v}'" for v in y],
        target_label=lambda y: y,
    ),
    Situation(
        "-1 beside 0 and 1",
        "asks",
        "missing_labels: ['-1']",
        label=lambda y: (y == "yes").astype(int),
        target_label=lambda y: np.where(np.arange(len(y)) % 3 == 0, -1, (y == "yes").astype(int)),
    ),
    Situation(
        "-1 answered: no label",
        "reads",
        "54 rows of target have no label and are taken as unlabelled rows",
        label=lambda y: (y == "yes").astype(int),
        target_label=lambda y: np.where(np.arange(len(y)) % 3 == 0, -1, (y == "yes").astype(int)),
        data={"missing_labels": [-1]},
    ),
    Situation(
        "-1 answered: a class",
        "reads",
        "amount  number",
        label=lambda y: (y == "yes").astype(int),
        target_label=lambda y: np.where(np.arange(len(y)) % 3 == 0, -1, (y == "yes").astype(int)),
        data={"label_map": {"-1": "-1"}},
    ),
    Situation("-1 and 1", "reads", "amount  number", label=lambda y: np.where(y == "yes", 1, -1)),
    Situation(
        "A class that is called None", "asks", "label_map: {None: None}", label=lambda y: np.where(y == "yes", "Crack", "None")
    ),
    Situation(
        "A class that is called NA", "asks", "the label NA, a class or none", label=lambda y: np.where(y == "yes", "EU", "NA")
    ),
    Situation(
        "None answered: a class",
        "reads",
        "amount  number",
        label=lambda y: np.where(y == "yes", "Crack", "None"),
        data={"label_map": {"None": "None"}},
    ),
    Situation(
        "Labels that are missing", "refuses", "a label in every row", label=lambda y: np.where(np.arange(len(y)) == 4, "", y)
    ),
    Situation("One class alone", "refuses", "at least two classes", label=lambda y: ["yes"] * len(y)),
    Situation(
        "Numbers with a fraction as labels",
        "refuses",
        "turn the number into classes first",
        label=lambda y: np.linspace(0, 1, len(y)),
    ),
    Situation(
        "Prices in whole euros as labels",
        "asks",
        "ntgate predicts classes, no numbers",
        label=lambda y: 899 + 37 * (np.arange(len(y)) % 40),
    ),
    Situation(
        "Prices that the config calls classes",
        "reads",
        "amount  number",
        label=lambda y: 899 + 37 * (np.arange(len(y)) % 40),
        data={"label_kind": "classes"},
    ),
    Situation(
        "Several classes in one label",
        "reads",
        "each combination is a class",
        label=lambda y: np.where(np.arange(len(y)) % 2, np.char.add(y, "|fast"), np.where(np.arange(len(y)) % 4, "fast", y)),
    ),
    Situation(
        "A class of the target alone",
        "reads",
        "amount  number",
        target_label=lambda y: np.where(np.arange(len(y)) % 4 == 0, "maybe", y),
    ),
    Situation(
        "Two labels for one row",
        "reads",
        "equal to another row that has another label",
        change=lambda f: pd.concat([f, f.iloc[:9].assign(label=f.label.iloc[:9].map({"yes": "no", "no": "yes"}))]),
    ),
    Situation(
        "Nothing left but labels that are none",
        "refuses",
        "at least two classes beside data.missing_labels",
        data={"missing_labels": ["yes"]},
    ),
    Situation("A mark above a letter as a sign of its own", "asks", "gro\\u0308\\xdf", **_both("größe", "gro\u0308ße")),
    Situation("A space of no width behind a label", "asks", "'yes' and 'yes\\u200b'", **_both("yes", "yes\u200b")),
    Situation("not ok in one file, not_ok in the other", "asks", "label_map: {not_ok: not ok}", **_both("not ok", "not_ok")),
    Situation("Labels between quotes in one file", "asks", """'yes' and "'yes'\"""", **_both("yes", "'yes'")),
    Situation("0 and 1, -1 and 1", "asks", "label_map: {'-1': '0'}", **_both(0, -1, 1)),
    Situation("0 and 1, 1 and 2", "reads", "Source alone has the label '0'; target alone has the label '2'.", **_both(0, 2, 1)),
    Situation("A dash for no label", "asks", "missing_labels: ['-']", target_label=_fifth("-")),
    Situation("Words for no label", "asks", "missing_labels: [keine Angabe]", target_label=_fifth("keine Angabe")),
    Situation(
        "999 for no label",
        "asks",
        "missing_labels: ['999']",
        label=lambda y: (y == "yes").astype(int),
        target_label=lambda y: _fifth("999")((y == "yes").astype(int).astype(str)),
    ),
    Situation(
        "A line of totals with a label",
        "reads",
        "The label 'Total' stands in one row of source.",
        write=file(".csv", lambda f: f.to_csv(index=False) + "12345,,Total\n"),
    ),
    Situation(
        "Lists of classes as text",
        "reads",
        "hold several classes",
        label=lambda y: [f"['{one}', 'fast']" if i % 3 else f"['{one}']" for i, one in enumerate(y)],
    ),
    Situation(
        "Whole numbers that float64 takes for one, as labels",
        "reads",
        "amount  number",
        label=lambda y: np.where(y == "yes", 2**53, 2**53 + 1),
    ),
]
