"""The answer of ``ntgate run --json`` as a page of Markdown: ``summary.py ANSWER.json OUTCOME SENTENCE``.

Standard library alone, and no fault when there is no answer: a run that broke down has to be reported too.
"""

import json
import re
import sys
from pathlib import Path

MARK = "<!-- ntgate -->"  # by which the comment of an earlier run is found again


SIGNS = str.maketrans({**{sign: f"&#{ord(sign)};" for sign in "\\`|<>*_#~$&"}, "@": "@&#8203;"})


def plain(value):
    """Text from outside, such as a path or a class name, that cannot become a link, a mention, markup or a further column.

    Each value is escaped once, where it is put into the page; GitHub shows an entity as the sign itself.
    """
    text = " ".join(str(value).split()).translate(SIGNS)
    text = re.sub(r"\](?=[(\[:])", "&#93;", text)
    return re.sub(r"(?i)(?<=www)\.", "&#46;", text.replace("://", "&#58;//"))


def number(value, form=".3f"):
    """A number, or a dash where there is none."""
    return "–" if value is None else format(value, form)


def arms(answer):
    """The judged arms, the candidate first."""
    rows = [("candidate", answer["candidate"]), ("scratch", answer["scratch"]), ("champion", answer["champion"])]
    lines = [f"| | {plain(answer['metric'])} | test rows | |", "|---|---|---|---|"]
    for name, arm in rows:
        if arm is not None:
            what = arm.get("strategy") or (f"version {arm['version']}" if arm.get("version") else "")
            lines.append(f"| {name} | {number(arm['value'])} | {arm['n']} | {plain(what)} |")
    return lines


def findings(answer):
    """Every rule's answer."""
    lines = ["| rule | | why |", "|---|---|---|"]
    signs = {"pass": "✅", "fail": "❌"}
    for finding in answer["findings"]:
        sign = signs.get(finding["outcome"], "❔")
        lines.append(
            f"| {plain(finding.get('title', finding['rule']))} | {sign} {finding['outcome']} | {plain(finding['reason'])} |"
        )
    return lines


def verdict(answer):
    """The part of the page that a finished run has."""
    interval = answer["gain_interval"]
    span = "" if interval is None else f", interval [{interval[0]:+.3f}, {interval[1]:+.3f}]"
    registry = answer["registry"]
    version = f"version {plain(registry['version'])}" if registry.get("version") else "no new version"
    return [
        plain(answer["sentence"]),
        "",
        *alarms(answer),
        *arms(answer),
        "",
        f"Gain over scratch {number(answer['gain'], '+.3f')}{span}, p = {number(answer['p_value'], '.3g')}, "
        f"alpha = {answer['alpha']:g}.",
        "",
        *findings(answer),
        "",
        f"{plain(registry['name'])}: {version}{', dry run' if answer.get('dry_run') else ''}; "
        f"decision {plain(answer['decision_id'])}.",
    ]


def alarms(answer):
    """What must not be overlooked, whatever the verdict is."""
    told = answer.get("alarms") or []
    return [*(f"> ⚠️ {plain(alarm)}" for alarm in told), ""] if told else []


def problems(answer):
    """The part of the page that a run has which could not judge."""
    return [f"- {plain(problem['message'])}" for problem in answer.get("errors", [])]


def page(path, outcome, sentence):
    """The whole page."""
    lines = [MARK, f"## ntgate: {plain(outcome)}", "", plain(sentence), ""]
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
        lines += verdict(answer) if "outcome" in answer else problems(answer)
    except (OSError, ValueError):
        lines.append("The run left no answer; its log says more.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1]), *sys.argv[2:4]))
