"""What is doubtful about the files blocks a promotion, and stands in the verdict's sentence with the line that answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from tests.gate.fresh import fresh

Y = np.arange(200) % 2
RIGHT, GUESS = np.eye(2)[Y], np.eye(2)[np.zeros(200, int)]
QUESTION = "Column 'shop' has 40 different whole numbers: write `columns: {shop: category}` below data, or `number`."


def test_a_question_blocks_a_candidate_that_would_pass():
    clear = fresh(Y, RIGHT, GUESS)
    asked = replace(clear, questions=(QUESTION,), answers=("columns: {shop: category}",))
    assert decide(clear, GateConfig(seeds=1)).outcome == "promoted"
    decision = decide(asked, GateConfig(seeds=1))
    assert decision.outcome == "inconclusive"
    assert decision.sentence.startswith(f"The files leave open one thing that nobody said: {QUESTION}")


def test_a_rejection_tells_of_it_too():
    asked = replace(fresh(Y, GUESS, RIGHT), questions=(QUESTION,), answers=("columns: {shop: category}",))
    decision = decide(asked, GateConfig(seeds=1))
    assert decision.outcome == "rejected"
    assert QUESTION in decision.sentence


def test_several_questions_are_answered_in_one_line():
    lines = ("columns: {shop: category, user: ignore}", "missing_labels: ['-1']")
    asked = replace(fresh(Y, RIGHT, GUESS), questions=(QUESTION, "And another."), answers=lines)
    told = decide(asked, GateConfig(seeds=1)).sentence
    assert f"All at once, as is likeliest: `{lines[0]}` and `{lines[1]}`." in told
