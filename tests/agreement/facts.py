"""The same fact wherever it is told: what a place says beside what the answer holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ntgate.markdown import escaped
from tests.agreement.places import Places, Said, plain

if TYPE_CHECKING:
    from ntgate.stages.drift_check import DriftCheck

MARKS = {
    "PROMOTED": "promoted",
    "REJECTED": "rejected",
    "INCONCLUSIVE": "inconclusive",
    "APPROVAL WANTED": "approval_wanted",
    "UNCHANGED": "promoted",
}
_NUMBER = r"([+\-−]?\d[\d.,\u202f]*(?:e[+-]?\d+)?)"


class Compared(NamedTuple):
    """A fact in a place; they contradict each other where ``agrees`` is false."""

    fact: str
    place: str
    said: str
    expected: str
    agrees: bool


def same(said: str, value: float | None, scale: float = 1.0) -> bool:
    """Whether a number as it is printed is ``scale * value``, to the decimals that are printed; ``–`` is None.

    >>> same("+3.1", 0.0314, 100), same("−0.021", -0.0211), same("3.2", 0.0314, 100), same("–", None), same("1e-06", 1.2e-6)
    (True, True, False, True, True)
    """
    if value is None or said in ("–", "", "none"):
        return value is None and said in ("–", "", "none")
    digits = said.replace("−", "-").replace("\u202f", "").replace(",", "").rstrip(".")
    if digits.startswith("< "):
        return scale * value < float(digits[2:])
    mantissa, _, power = digits.partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(power or 0)
    return abs(float(digits) - scale * value) <= 0.5 * 10.0**-decimals * (1 + 1e-9) + 1e-12


def compared(places: Places) -> list[Compared]:
    """Every fact in every place that tells it."""
    found: list[Compared] = []
    for fact, tell in FACTS.items():
        for place, said, expected, agrees in tell(places):
            found.append(Compared(fact, place, str(said), str(expected), bool(agrees)))
    return found


def _each(said: re.Match[str] | None, groups: tuple[int, ...], values: Any, scale: float = 1.0) -> bool:
    """Whether these groups of what was found are these numbers; nothing that was found is none."""
    return said is not None and all(same(said[group], value, scale) for group, value in zip(groups, values, strict=True))


Told = Iterator[tuple[str, Any, Any, bool]]


def _equal(place: str, said: Any, expected: Any) -> tuple[str, Any, Any, bool]:
    return place, said, expected, said == expected


def _holds(place: str, text: str, wanted: str) -> tuple[str, str, str, bool]:
    wanted = plain(wanted)
    return place, text[:300], wanted, wanted in plain(text)


def shipped(answer: dict[str, Any]) -> str | None:
    """The strategy of the model that the verdict is about."""
    if answer["replacement"] is not None:
        return "scratch"
    return answer["candidate"] and answer["candidate"]["strategy"]


def _scale(answer: dict[str, Any]) -> float:
    return 100.0 if answer["metric_display"]["percent"] else 1.0


def verdict(p: Places) -> Told:
    a = p.answer
    first = p.console.strip().splitlines()[0]
    mark = re.match(r"\S (PROMOTED|REJECTED|INCONCLUSIVE|APPROVAL WANTED|UNCHANGED)  ", first)
    yield _equal("console", MARKS.get(mark[1]) if mark else None, a["outcome"])
    unchanged = bool(a["registry"]["unchanged"])
    yield _equal("console, unchanged", bool(mark and mark[1] == "UNCHANGED"), unchanged)
    body = next(attributes.get("class") for tag, attributes in p.page.tags if tag == "body")
    yield _equal("page", body, a["outcome"])
    word = "Unchanged" if unchanged else a["outcome"].replace("_", " ").capitalize()
    yield _equal("page, words", word in p.page.text[:400], True)
    if p.explain is not None:
        told = re.match(r"\S (PROMOTED|REJECTED|INCONCLUSIVE|APPROVAL WANTED|UNCHANGED)  ", p.explain)
        yield _equal("explain", told and told[1], mark and mark[1])
    if p.run is not None:
        yield _equal("MLflow tag", p.run.data.tags["ntgate.outcome"], a["outcome"])
        ended = "unchanged" if unchanged else a["outcome"]
        yield _equal("MLflow run name", p.run.info.run_name.split()[0], ended)
        yield _equal("MLflow note", p.note.startswith(f"**{ended}**"), True)
        yield _equal("MLflow fleet", a["outcome"].replace("_", " ") in p.fleet, True)
        for strategy, child in p.children.items():
            yield _equal(f"MLflow child {strategy}", child.data.tags.get("ntgate.outcome", a["outcome"]), a["outcome"])


def sentence(p: Places) -> Told:
    a = p.answer
    yield _holds("console", p.console, a["sentence"])
    alone = a["sentence"]
    for alarm in a["alarms"]:
        yield _holds("page, alarm", p.page.text, alarm.rstrip("."))
        alone = alone.replace(alarm, "").strip() or alone
    yield _equal("page", plain(p.page.bold[0]), plain(alone if alone[-1] in ".!?" else alone + "."))
    if p.explain is not None:
        yield _holds("explain", p.explain, alone)
    if p.run is not None:
        yield _holds("MLflow note", p.note.splitlines()[0], escaped(a["sentence"]))
        yield _equal("MLflow alarms", p.run.data.tags["ntgate.alarms"], " ".join(a["alarms"]) or "none")
    if p.version is not None:
        decided = a["sentence"].split(" Version ")[0] if a["outcome"] == "approval_wanted" else a["sentence"]
        told = p.version.description.split("\n\n")
        yield _holds("MLflow version", " ".join(told[:2]), escaped(decided))


def gain(p: Places) -> Told:
    """The gain that the verdict rests on, and its interval."""
    a, scale = p.answer, _scale(p.answer)
    value, ends = a["gain"], a["gain_interval"] or [None, None]
    over = next((row for row in a["findings"] if row["rule"] == "negative_transfer"), None)
    if a["replacement"] is not None:
        over = None
    if over is not None and a["labels"].get("basis") is None and value is not None:
        told = re.search(rf"gain {_NUMBER}, interval \[{_NUMBER}, {_NUMBER}\], p = {_NUMBER}", plain(p.console))
        yield "console", told and told[0], value, _each(told, (1, 2, 3, 4), (value, *ends, a["p_value"]))
    tile = p.page.first("Gain")
    if value is None:
        yield _equal("page", tile, "–")
    else:
        told = re.match(rf"{_NUMBER}(?: \S+)? \| {_NUMBER} to {_NUMBER}", tile)
        yield "page", tile, (value, *ends), _each(told, (1, 2, 3), (value, *ends), scale)
    explained = plain(p.explain or "")
    if value is not None and p.explain is not None:
        told = re.search(rf"Gain over scratch: {_NUMBER}[^,]*, {_NUMBER} % interval {_NUMBER}(?: \w+)? to {_NUMBER}", explained)
        yield "explain", told and told[0], value, _each(told, (1, 3, 4), (value, *ends), scale)
    if value is None and p.explain is not None:
        yield _equal("explain", "Gain over scratch" in explained, False)
    if p.run is None:
        return
    tag, metrics = p.run.data.tags["ntgate.gain"], p.run.data.metrics
    over_champion = a["replacement"]
    wanted = (value, *ends) if over_champion is None else (over_champion["gain"], *over_champion["gain_interval"])
    if wanted[0] is None:
        yield _equal("MLflow tag", tag, "none")
    else:
        told = re.match(rf"{_NUMBER}[^\[]*\[{_NUMBER}, {_NUMBER}\]", tag)
        yield "MLflow tag", tag, wanted, _each(told, (1, 2, 3), wanted, scale)
    for name, expected in zip(("gain", "gain_lower", "gain_upper"), (value, *ends), strict=False):
        yield "MLflow metric", metrics.get(name), expected, metrics.get(name) == expected
    words = p.run.info.run_name.split()
    named = next((word for word in words[1:] if re.fullmatch(r"[+-][\d.]+", word)), "none")
    yield "MLflow run name", p.run.info.run_name, wanted[0], same(named, wanted[0], scale)
    if p.version is not None:
        yield _equal("MLflow version tag", p.version.tags["ntgate.gain"], tag)
        if str(p.version.version) == p.champion:
            yield "status", p.status, tag, f"gain {tag}" in plain(p.status) or tag == "none"


def strategy(p: Places) -> Told:
    a, chosen = p.answer, shipped(p.answer)
    judged = a["candidate"] and a["candidate"]["strategy"]
    chosen_row = next((row for row in p.page.rows if row and "candidate" in row[0].split()), None)
    label = next((row["label"] for row in a["plan"] if row["strategy"] == judged), None)
    if judged is not None and label is not None:
        yield "page, arms", chosen_row and chosen_row[0], label, bool(chosen_row) and label.lower() in chosen_row[0].lower()
        yield "page, tile", p.page.first("Candidate"), label, label in p.page.first("Candidate")
        told = re.search(r"([^.]*?) \(the candidate\)", plain(p.explain or ""))
        yield "explain", told and told[1], label, bool(told) and told[1].lower().endswith(label.lower())
    marked = re.search(r"^ *\* *(\S+)", p.console, re.M)
    yield _equal("console", marked and marked[1], judged)
    if p.run is None:
        return
    yield _equal("MLflow tag", p.run.data.tags["ntgate.strategy"], chosen or "none")
    yield _equal("MLflow run name", p.run.info.run_name.split()[-2] if chosen else "", chosen or "")
    roles = {name: child.data.tags["ntgate.role"] for name, child in p.children.items()}
    yield _equal("MLflow children", [name for name, role in roles.items() if role == "candidate"], [judged] if judged else [])
    if p.version is not None:
        yield _equal("MLflow version tag", p.version.tags["ntgate.strategy"], chosen)
        yield "status", p.status, chosen, bool(re.search(rf"v{p.version.version} .*\b{chosen}\b", p.status))
        if str(p.version.version) == p.champion:
            yield "fleet", p.fleet, chosen, bool(re.search(rf"v{p.version.version} +{chosen}\b", p.fleet))


def version(p: Places) -> Told:
    a, made = p.answer, p.answer["registry"]["version"]
    name = a["registry"]["name"]
    told = re.search(r"^  version   (.+) v(\S+), alias champion$", p.console, re.M)
    yield _equal("console", told and told[2], made)
    says = re.search(r"Version (\S+) of .{1,80}? (?:now )?carries the alias champion", p.page.text)
    yield _equal("page", says and says[1], made)
    says = re.search(r"Version (\S+) of .{1,80}? (?:now )?carries the alias champion", plain(p.explain or ""))
    yield _equal("explain", says and says[1], made)
    if p.run is None:
        return
    says = re.search(r"Version (\S+) of .{1,80}? (?:kept|was given) the alias champion", p.note)
    yield _equal("MLflow note", says and says[1], made)
    yield _equal("MLflow tag", p.run.data.tags["ntgate.version"], made or "none")
    for strategy, child in p.children.items():
        yield _equal(f"MLflow child {strategy}", child.data.tags.get("ntgate.version", made or "none"), made or "none")
    if made is not None:
        yield _equal("MLflow alias", p.champion, made)
        yield "status", p.status, made, bool(re.search(rf"^  \* v{made} ", p.status, re.M))
        yield "fleet", p.fleet, made, bool(re.search(rf"^{re.escape(name)} +v{made} ", p.fleet, re.M))
        if not a["registry"]["unchanged"]:
            yield _equal("MLflow version", p.version and str(p.version.version), made)
    waiting = a["registry"]["approval"] and a["registry"]["approval"]["version"]
    told = re.search(r"^  waiting   (.+) v(\S+), alias challenger$", p.console, re.M)
    yield _equal("console, waiting", told and told[2], waiting)
    yield _equal("MLflow tag, waiting", p.run.data.tags.get("ntgate.challenger"), waiting)
    if waiting is not None:
        yield "status, waiting", p.status, waiting, f"waiting   v{waiting} " in p.status
        yield "fleet, waiting", p.fleet, waiting, f"v{waiting} waits" in p.fleet


def p_value_and_level(p: Places) -> Told:
    a = p.answer
    level = re.search(rf"alpha {_NUMBER}, margin {_NUMBER}", p.page.text)
    yield "page, level", level and level[0], a["alpha"], bool(level) and same(level[1], a["alpha"])
    margin = a["findings"] and next((row["bound"] for row in a["findings"] if row["rule"] == "negative_transfer"), None)
    if margin is not None:
        yield "page, margin", level and level[2], margin, bool(level) and same(level[2], margin)
    if a["p_value"] is not None:
        told = re.search(rf"probability p (?:= )?(< 0\.001|{_NUMBER}) at most; the level is {_NUMBER}", plain(p.page.text))
        yield "page", told and told[0], a["p_value"], _each(told, (1, 3), (a["p_value"], a["alpha"]))
        told = re.search(rf", p (< 0\.001|{_NUMBER}) at level {_NUMBER}\.", plain(p.explain or ""))
        yield "explain", told and told[0], a["p_value"], _each(told, (1, 3), (a["p_value"], a["alpha"]))
        for place, text in p.texts.items():  # rounding must not carry it over the level
            for shown in re.findall(rf"\bp (?:= )?{_NUMBER}(?= at (?:most|level))", text):
                if same(shown, a["p_value"]):  # and not that of another comparison
                    yield place, shown, a["p_value"], (float(shown) <= a["alpha"]) == (a["p_value"] <= a["alpha"])
    if p.run is not None:
        yield _equal("MLflow metric", p.run.data.metrics.get("p_value"), a["p_value"])


def rows(p: Places) -> Told:
    a = p.answer
    n, given = a["scratch"]["n"], a["data"]["rows"]
    told = re.search(rf"on the same {_NUMBER} test rows for all", plain(p.page.text))
    if told:
        yield "page, gain", told[1], n, same(told[1], n)
    told = re.search(rf"On {_NUMBER} test rows the candidate", plain(p.console))
    if told:
        yield "console", told[1], n, same(told[1], n)
    told = re.search(rf" on {_NUMBER} test rows: candidate", plain(p.explain or ""))
    if told:
        yield "explain", told[1], n, same(told[1], n)
    cells = {row[0].lower(): row[1] for row in p.page.rows if len(row) == 5 and row[0].lower().replace(" ", "_") in given}
    for name, number in given.items():
        shown = cells.get(name.replace("_", " "), "")
        yield "page, data", f"{name} {shown}", number, same(shown, number)
    if p.explain is not None and "source" in given:
        told = re.search(rf"Source: {_NUMBER} labelled rows", plain(p.explain))
        yield "explain, source", told and told[1], given["source"], bool(told) and same(told[1], given["source"])
    if p.explain is not None and "test" in given:
        told = re.search(rf"{_NUMBER} for the gate alone", plain(p.explain))
        yield "explain, test", told and told[1], given["test"], bool(told) and same(told[1], given["test"])
    if p.run is not None:
        seen = {one.dataset.name: json.loads(one.dataset.profile)["num_rows"] for one in p.run.inputs.dataset_inputs}
        yield _equal("MLflow datasets", dict(sorted(seen.items())), dict(sorted(given.items())))


def labels_wanted(p: Places) -> Told:
    a = p.answer
    wanted = max((row["labels_wanted"] or 0 for row in a["findings"]), default=0)
    if p.run is not None:
        yield _equal("MLflow tag", p.run.data.tags["ntgate.labels_wanted"], str(wanted))
    going = a["labels"].get("next")
    budget = re.search(r"--budget (\d+)", going or "")
    deciding = a["labels"].get("deciding")
    if budget and deciding is not None:
        yield _equal("next step", int(budget[1]), deciding)
    if deciding is not None:
        told = re.search(rf"[Ll]abels of {_NUMBER} of the", a["sentence"])
        if told:
            yield "sentence", told[1], deciding, same(told[1], deciding)
    if going:
        for place, text in p.texts.items():
            if place != "MLflow version":
                yield _holds(place, text, escaped(going) if place == "MLflow note" else going)


def champion(p: Places) -> Told:
    """The champion before and after, and what is said to have become of it."""
    a = p.answer
    before = a["champion"] and a["champion"]["version"]
    if p.run is not None:
        yield _equal("MLflow tag", p.run.data.tags["ntgate.champion_seen"], before or "none")
    tile = p.page.first("Champion")
    if before is None:
        yield "page, tile", tile, None, tile.startswith("– |")
    else:
        yield _holds("page, tile", tile, f"version {before}")
        value = a["champion"]["value"]
        yield "page, tile value", tile, value, same(tile.split(" %")[0].split(" |")[0], value, _scale(a))
    promoted = a["registry"]["version"] is not None and not a["registry"]["unchanged"]
    for place, text in p.texts.items():
        for words, true in (
            ("there is no champion", before is None),
            ("There is no champion", before is None),
            ("there was none", before is None),
            ("There was no champion when the run began", before is None),
            ("can be served until a candidate passes", before is None and a["registry"]["version"] is None),
            ("goes on serving", before is not None and not promoted),
            ("The registry holds no champion: this is the first", before is None),
            ("The champion keeps serving", before is not None and not promoted),
            ("is where it was", before is not None and not promoted),
            ("Nothing was promoted", a["registry"]["version"] is None),
            ("nothing is promoted anew", bool(a["registry"]["unchanged"])),
            ("There is nothing to undo", not promoted and not (a["registry"]["approval"] or {}).get("version")),
            ("This was the first champion", before is None and promoted),
            ("passes every rule", a["outcome"] in ("promoted", "approval_wanted")),
            ("now carries the alias champion", promoted),
            ("This was a dry run", a["dry_run"]),
            ("Approve it until", a["outcome"] == "approval_wanted"),
            ("waits for approval until", a["outcome"] == "approval_wanted"),
            ("Serve models:/", a["registry"]["version"] is not None),
        ):
            if words in text:
                yield place, words, f"true: {bool(true)}", bool(true)
    back = f"makes version {before} the champion again"
    for place, text in p.texts.items():
        if place in ("explain", "MLflow note"):
            yield place, "rollback", promoted and before is not None, (back in plain(text)) == (promoted and before is not None)


def findings(p: Places) -> Told:
    a = p.answer
    cells = [row for row in p.page.rows if len(row) == 5]
    for row in a["findings"]:
        mark = {"fail": "FAIL"}.get(row["outcome"], row["outcome"])
        yield "console", row["rule"], row["outcome"], plain(f"{mark} {row['rule']}: {row['reason']}") in plain(p.console)
        mine = next((one for one in cells if one[0] == row["title"]), None)
        agrees = mine is not None and row["outcome"].capitalize() in mine[1] and same(mine[2], _shown(row["measured"]))
        yield "page", mine, (row["outcome"], row["measured"]), agrees and same(mine[3], _shown(row["bound"]))
        if p.run is not None and "more rules stand in the report" not in p.note:
            outcome = f"{row['outcome']}, **warning**" if row["warning"] else row["outcome"]
            yield _holds("MLflow note", p.note, f"| {escaped(row['title'])} | {outcome} | {escaped(row['reason'])} |")
    passed = [row for row in a["findings"] if row["outcome"] == "pass" and not row["warning"]]
    if p.explain is not None and passed:
        yield _holds("explain", p.explain, f"{len(passed)} of {len(a['findings'])} rules pass")


def _shown(value: float | None) -> float | None:
    return None if value is None or value != value or value in (float("inf"), float("-inf")) else value


def shift(p: Places) -> Told:
    a = p.answer["shift"]
    told = p.answer["shift"]["sentence"]
    for place in ("page", "explain"):
        if place in p.texts:
            yield _holds(place, p.texts[place], told)
    if len(p.page.bold) > 1:
        yield _holds("drift part", p.page.bold[1], told)
    if a["outcome"] == "unmeasured":
        return
    yield "page", p.page.first("p-value"), a["p_value"], same(p.page.first("p-value").split(" |")[0], a["p_value"])
    p_values = [plain(value).split(" |")[0] for name, value in p.page.said if name == "p-value"]
    yield _equal("page and drift part, p-value", len(set(p_values)), 1)
    for name, key in (("MMD²", "mmd2"), ("Effect size", "effect_size"), ("Proxy A-distance", "proxy_a_distance")):
        for called, value in p.page.said:
            if called == name:
                number = plain(value).split(" |")[0]
                yield f"page, {name}", number, a[key], same(number, a[key])
    for place, text in p.texts.items():
        if "No shift shown" in text:
            yield place, "No shift shown", a["outcome"], a["outcome"] == "none"
        if "That is tolerated" in text:
            yield place, "That is tolerated", a["outcome"], a["outcome"] == "tolerated"
    if p.run is not None:
        yield _equal("MLflow metric", p.run.data.metrics.get("mmd2"), a["mmd2"])
        yield _equal("MLflow metric", p.run.data.metrics.get("proxy_a_distance"), a["proxy_a_distance"])


def scores(p: Places) -> Told:
    a, scale = p.answer, _scale(p.answer)
    for tile, arm in (("Candidate", a["candidate"]), ("From scratch", a["scratch"])):
        told = p.page.first(tile)
        number = re.match(rf"(–|{_NUMBER})", told)
        yield f"page, {tile}", told, arm and arm["value"], bool(number) and same(number[1], arm and arm["value"], scale)
    if p.run is not None and p.answer["labels"].get("basis") is None:  # on labels no model has a score
        for name, arm in (("candidate", a["candidate"]), ("scratch", a["scratch"])):
            value = p.run.data.metrics.get(f"{name}_{a['metric']}")
            yield _equal(f"MLflow metric, {name}", value, arm and arm["value"])
            child = p.children.get((arm and arm["strategy"]) or "scratch")
            if name == "candidate" and arm is None:
                continue
            if child is not None and arm["value"] is not None:
                yield _equal(f"MLflow child, {name}", child.data.metrics.get(f"test_{a['metric']}"), arm["value"])
    told = re.search(rf"candidate {_NUMBER}(?: %)?, scratch {_NUMBER}", plain(p.explain or ""))
    if told:
        values = (a["candidate"]["value"], a["scratch"]["value"])
        yield "explain", told[0], values, _each(told, (1, 2), values, scale)


def artifacts(p: Places) -> Told:
    """What MLflow keeps of the answer is the answer, and the note's links lead somewhere."""
    if p.run is None:
        return
    kept = "judged_result.json" if p.answer["labels"].get("basis") else "result.json"
    answer = json.loads(p.files.get(kept, "null"))
    yield _equal(f"MLflow {kept}", answer == json.loads(json.dumps(p.answer)), True)
    for link in re.findall(r"artifacts/([\w.]+)\)", p.note):
        yield "MLflow note, link", link, "an artifact", link in p.files
    for link in re.findall(r"artifacts/([\w.]+\.html)\)", p.note):
        if kept != "result.json" and link == "report.html":
            continue  # said to be that of the run before
        page = Said(p.files.get(link, ""))
        yield _equal(f"MLflow {link}", plain(page.bold[0]) if page.bold else None, plain(p.page.bold[0]))
    for picture in re.findall(r"get-artifact\?path=([\w.]+)", p.note):
        yield "MLflow note, picture", picture, "an artifact", picture in p.files
    for place, text in p.texts.items():
        yield _equal(f"{place}, placeholder", "ntgate:page" in text or "ntgate:run" in text, False)


FACTS = {
    "verdict": verdict,
    "sentence": sentence,
    "gain and interval": gain,
    "strategy": strategy,
    "version": version,
    "p value and level": p_value_and_level,
    "rows": rows,
    "labels wanted": labels_wanted,
    "champion": champion,
    "rules": findings,
    "shift": shift,
    "scores": scores,
    "artifacts": artifacts,
}


def drift_compared(checked: DriftCheck) -> list[Compared]:
    """A drift check in its three places: the console, the answer and the page."""
    from ntgate.cli.drift import check_summary

    answer = checked.as_json()
    told, console = answer["shift"], plain(check_summary(checked))
    page = Said(Path(checked.report.path).read_text(encoding="utf-8"))
    mark = {"none": "NO SHIFT", "tolerated": "TOLERATED", "shift": "SHIFT"}[answer["outcome"]]
    found = [
        ("console", console[:40], mark, mark in console),
        _holds("console", console, answer["sentence"]),
        _holds("page", page.text, answer["sentence"]),
    ]
    names = {"p-value": "p_value", "Effect size": "effect_size", "Proxy A-distance": "proxy_a_distance"}
    for name, key in names.items():
        number = page.first(name).split(" |")[0]
        found.append((f"page, {name}", number, told[key], same(number, told[key])))
    moved = re.search(rf"{_NUMBER} of {_NUMBER} shown to have moved", console)
    counts = (told["features_moved"], told["features_tested"])
    found.append(("console, features", moved and moved[0], counts, _each(moved, (1, 2), counts)))
    rows = re.search(rf"rows +{_NUMBER} source, {_NUMBER} target", console)
    found.append(("console, rows", rows and rows[0], told["n_source"], _each(rows, (1, 2), (told["n_source"], told["n_target"]))))
    return [Compared("shift", place, str(said), str(expected), bool(agrees)) for place, said, expected, agrees in found]
