"""Who was not there finds eight answers in MLflow within three clicks, for each of four outcomes."""

from __future__ import annotations

import pytest

from ntgate.stages.frozen_run import frozen_run
from tests.agreement.cases import Workshop
from tests.agreement.questions import OUTCOMES, QUESTIONS, asked, recorded
from tests.browser import CHROMIUM, Browser
from tests.server import Server


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_thirty_two_questions_are_answered_by_mlflow_alone(tmp_path):
    base, _ = Workshop(tmp_path).trained("digits")
    with Server(tmp_path, f"sqlite:///{tmp_path}/server.db") as server, Browser() as browser:
        results = recorded(frozen_run(base.directory), tmp_path, server.address)
        answers = list(asked(browser, server.address, results))
    assert len(answers) == len(OUTCOMES) * len(QUESTIONS)
    assert [answer for answer in answers if answer.clicks is None] == []
