"""What a reviewer finds in MLflow alone: eight questions, four outcomes, a browser, a server.

    python benchmarks/mlflow_questions.py [--pictures FOLDER]      # two minutes; needs Chromium

The browser begins at MLflow's list of experiments, with its switch on "Model training", and clicks the experiment, the run, and
"Show more" of the run's description. An answer counts where its text, made from the run's JSON, is seen and not folded away.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path

from machine import heading, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Record the runs, ask, and write the table."""
    from ntgate.optouts import opt_out
    from ntgate.stages.frozen_run import frozen_run
    from tests.agreement.cases import Workshop
    from tests.agreement.questions import OUTCOMES, QUESTIONS, asked, recorded
    from tests.browser import Browser
    from tests.server import Server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder that takes what the browser shows")
    pictures = parser.parse_args().pictures
    opt_out()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        there = Path(name)
        base, _ = Workshop(there).trained("digits")
        with Server(there, f"sqlite:///{there}/server.db") as server, Browser() as browser:
            results = recorded(frozen_run(base.directory), there, server.address)
            answers = {(one.outcome, one.question): one.clicks for one in asked(browser, server.address, results, pictures)}
    head = [
        "| question | " + " | ".join(outcome.replace("_", " ") for outcome in OUTCOMES) + " |",
        "| --- |" + " ---: |" * len(OUTCOMES),
    ]
    rows = [
        f"| {asking} | " + " | ".join(str(answers[outcome, asking] or "not found") for outcome in OUTCOMES) + " |"
        for asking in QUESTIONS
    ]
    found = sum(clicks is not None for clicks in answers.values())
    write(
        "mlflow_questions.md",
        heading("Questions answered by MLflow alone", "python benchmarks/mlflow_questions.py")
        + f"\n{found} of {len(answers)} within three clicks. The figures are the clicks after which the answer is seen.\n\n"
        + "\n".join([*head, *rows]),
    )


if __name__ == "__main__":
    main()
