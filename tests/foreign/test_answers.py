"""Answers of a model of other hands become scores, or are refused with what to say."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.errors import ModelError
from ntgate.foreign.answers import Answers, scores_of
from ntgate.foreign.config import ForeignChampion

CLASSES = ("good", "poor", "spoilt")


def read(values, columns=(), of=CLASSES, **asked):
    return scores_of(Answers(np.array(values), columns), ForeignChampion(load="pyfunc", **asked), of).tolist()


def test_columns_by_their_names_or_in_the_order_that_is_said():
    values = [[0.1, 0.2, 0.7]]
    expected = pytest.approx([0.7, 0.1, 0.2])
    assert read(values, ("poor", "spoilt", "good"))[0] == expected
    assert read(values, classes=["poor", "spoilt", "good"])[0] == expected


def test_a_class_that_it_does_not_know_scores_zero():
    assert read([[0.25, 0.75]], ("poor", "good")) == [[0.75, 0.25, 0.0]]


def test_labels_as_they_are_written_or_by_what_they_stand_for():
    assert read(["poor", "good"]) == [[0, 1, 0], [1, 0, 0]]
    assert read([[2.0], [0.0]], labels={0: "good", 1: "poor", 2: "spoilt"}) == [[0, 0, 1], [1, 0, 0]]
    assert read([["poor", "0.9"]], ("label", "score"), column="label") == [[0, 1, 0]]


def test_one_probability_of_two_classes():
    assert read([[0.25]], of=("a", "b"), positive="a") == [[0.25, 0.75]]


@pytest.mark.parametrize(
    ("values", "columns", "asked", "said"),
    [
        ([[0.5, 0.5]], (), {}, "got 2 columns and no names"),
        ([[0.5, 0.5]], (), {"classes": ["good", "poor", "spoilt"]}, "got 2 columns and 3 names"),
        ([[0.5, 0.5]], ("a", "b"), {}, "got columns 'a', 'b'"),
        ([[0.5, np.nan]], ("good", "poor"), {}, "a finite number in every column"),
        ([[0.5, 0.5]], (), {"classes": ["good", "good"]}, "each class once"),
        ([0.3, 0.7], (), {}, "champion.positive where it is a probability"),
        (["fine"], (), {}, "champion.labels={fine: good}"),
        (["good"], (), {"classes": ["good", "poor", "spoilt"]}, "3 columns, as champion.classes says"),
        ([0.3], (), {"positive": "poor"}, "'poor' to be one of two classes"),
        ([["x", "y"]], ("label", "score"), {"column": "answer"}, "got columns label, score; correct champion.column"),
    ],
)
def test_what_cannot_be_read_says_what_to_say(values, columns, asked, said):
    with pytest.raises(ModelError) as refused:
        read(values, columns, **asked)
    assert said in str(refused.value)


@pytest.mark.parametrize("values", [[1.5], [-0.1], [np.nan]])
def test_a_probability_is_one(values):
    with pytest.raises(ModelError, match="one probability a row, from 0 to 1"):
        read(values, of=("a", "b"), positive="a")
