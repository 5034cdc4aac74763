"""Eight questions of somebody who was not there, answered by MLflow's own pages within three clicks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.result import RunResult
from tests.agreement.cases import Rejudged, judged_anew
from tests.agreement.places import plain
from tests.browser import Browser

OUTCOMES = {
    "promoted": Rejudged(wins=80, champion="worse", seeds=0.09, config={"model": {"name": "promoted-reader"}}),
    "rejected": Rejudged(wins=20, champion="worse", seeds=-0.1, config={"model": {"name": "rejected-reader"}}),
    "inconclusive": Rejudged(wins=54, seeds=0.01, config={"model": {"name": "doubtful-reader"}}),
    "approval_wanted": Rejudged(
        wins=80, champion="worse", seeds=0.09, gate={"approval": "required"}, config={"model": {"name": "waiting-reader"}}
    ),
}
QUESTIONS = (
    "what was decided",
    "why",
    "how sure it is",
    "on which data",
    "against which champion",
    "what next",
    "how to load",
    "how to undo",
)


class Answer(NamedTuple):
    """Whether a question is answered: what was looked for, and after how many clicks it was there; None: it was not."""

    outcome: str
    question: str
    wanted: tuple[str, ...]
    clicks: int | None


def recorded(base: FrozenRun, folder: Path, uri: str) -> dict[str, RunResult]:
    """A run of each outcome in the registry."""
    made = {}
    for outcome, case in OUTCOMES.items():
        model = {**base.config.model_dump(mode="json")["model"], **case.config["model"]}
        named = Rejudged(**{**case.__dict__, "config": {"model": model}})
        (folder / outcome).mkdir()
        made[outcome] = judged_anew(base, named, folder / outcome, uri)
        assert made[outcome].outcome == outcome, made[outcome].sentence
    return made


def wanted(result: RunResult) -> dict[str, tuple[str, ...]]:
    """What has to be read, by question, from the answer itself and not from the words of a page."""
    a, name = result.as_json(), result.registry["name"]
    decisive = next((row for row in a["findings"] if row["outcome"] != "pass"), None)
    decisive = decisive or next(row for row in a["findings"] if row["rule"] == "negative_transfer")
    low, high = (f"{100 * end:+.1f} points".replace("-", "−") for end in a["gain_interval"])
    rows = a["data"]["rows"]
    version = a["registry"]["version"]
    waiting = a["registry"]["approval"] and a["registry"]["approval"]["version"]
    before = a["champion"] and a["champion"]["version"]
    serves = "champion" if version or before else "baseline"
    nexts = {
        "promoted": ("Serve models:/", "Keep fresh labelled rows aside"),
        "rejected": ("Look at the findings",),
        "inconclusive": (f"{a['labels'].get('next')}",),
        "approval_wanted": (f"ntgate approve {name} {waiting} --reason WHY",),
    }
    undo = {
        "promoted": f"ntgate rollback {name} makes version {before} the champion again",
        "approval_wanted": f"ntgate decline {name} {waiting} --reason WHY",
    }
    return {
        "what was decided": (a["outcome"], a["sentence"].split(". ")[0]),
        "why": (decisive["reason"].split(". ")[0],),
        "how sure it is": (f"{low} to {high}", f"at level {a['alpha']:g}", "seeds"),
        "on which data": (f"Source: {rows['source']} labelled rows", f"{rows['test']} for the gate alone"),
        "against which champion": (f"was version {before}" if before else "There was no champion when the run began",),
        "what next": nexts[a["outcome"]],
        "how to load": (f'mlflow.pyfunc.load_model("models:/{name}@{"challenger" if waiting else serves}")',),
        "how to undo": (undo.get(a["outcome"], "There is nothing to undo: no alias moved."),),
    }


def asked(browser: Browser, server: str, results: dict[str, RunResult], pictures: Path | None = None) -> Iterator[Answer]:
    """Click from the list of experiments to each run, and look for the answers."""
    browser.open(f"{server}/#/experiments")
    browser.wait_for("Model training")
    browser.click("Model training", "span")  # MLflow's switch, which the browser remembers
    for outcome, result in results.items():
        browser.open("about:blank")
        browser.open(f"{server}/#/experiments")
        name = result.registry["name"]
        browser.wait_for(name)
        run = f"a[href*='{result.registry['run_id']}']"
        steps = [(name, "a", outcome), ("", run, "What to do"), ("Show more", "button", "Show less")]
        texts = []
        for clicks, (words, kind, then) in enumerate(steps, start=1):
            if not browser.click(words, kind):
                break
            browser.wait_for(then)
            time.sleep(1.0)  # what MLflow fetches behind the frame
            if pictures is not None:
                browser.picture(pictures / f"{outcome}-{clicks}.png")
            texts.append(_seen(browser))
        for question, parts in wanted(result).items():
            found = next((n for n, text in enumerate(texts, 1) if all(_in(part, text) for part in parts)), None)
            yield Answer(outcome, question, parts, found)
        broken = browser.value("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src).join(' ')")
        assert not broken, f"{outcome}: pictures that do not show: {broken}"


def _seen(browser: Browser) -> str:
    """What the page says, without what MLflow has folded away."""
    folded = browser.value(
        "[...document.querySelectorAll('.note-view-preview')].map(e => e.innerText).join('\\n') && "
        "[...document.querySelectorAll('button')].some(b => b.innerText.trim() == 'Show more') ? "
        "(() => { const box = document.querySelector('.note-view-preview'); let clip = box; "
        "while (clip && getComputedStyle(clip).overflow != 'hidden') clip = clip.parentElement; "
        "const end = (clip || box).getBoundingClientRect().bottom; "
        "return [...box.querySelectorAll('p, li, tr, strong')].filter(e => e.getBoundingClientRect().bottom > end)"
        ".map(e => e.innerText).join('\\u0001') })() : ''"
    )
    text = browser.text
    for part in filter(None, str(folded or "").split("\u0001")):
        text = text.replace(part, "", 1)
    return plain(text)


def _in(part: str, text: str) -> bool:
    return re.sub(r"\s+", " ", part).strip() in text


__all__ = ["OUTCOMES", "QUESTIONS", "Answer", "asked", "recorded", "wanted"]
