"""The sentences of a report: the verdict, what the shift means, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from ntgate.report import approval_words, numbers
from ntgate.report.arms_content import PlanRow
from ntgate.report.content import RunReport, Shift
from ntgate.shift import words as shift_words
from ntgate.strategies import STRATEGIES
from ntgate.strategies.committee_config import TOGETHER
from ntgate.strategies.scratch import LEARNERS

NOTES = {
    "source_rows": "Source rows kept: {:,.0f}.",
    "setting": "Inverse strength of the penalty: {:g}.",
    "rounds": "Rounds of boosting after the source's model: {:g}.",
    "temperature": "Its scores are brought to chances by a temperature of {:.2f}.",
    "isotonic": "Then by a rising curve of {:.0f} points (isotonic regression), shown better on rows held out.",
    "effective_source_rows": "They are worth {:,.1f} rows of equal weight.",
}
_SHARE, _WEIGHT, _HEAT = "source_share.", "weight.", "temperature."  # the name of the block, of the arm, follows


def strategy(name: str | None, plan: Sequence[PlanRow] = ()) -> str:
    """A strategy in words: its own where the ``plan`` has them.

    >>> strategy("fine_tuning"), strategy("my_method"), strategy(None)
    ('fine-tuning', 'my method', 'the candidate')
    """
    if not name:
        return "the candidate"
    for row in plan:
        if row.strategy == name and row.label:
            return row.label
    kind = STRATEGIES.kinds.get(name) or LEARNERS.get(name)
    return TOGETHER.get(name) or (name.replace("_", " ") if kind is None else kind.label)


def notes(told: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """What a strategy learnt beside the weights, a sentence each.

    >>> notes({"source_rows": 40, "effective_source_rows": 12.34})
    ('Source rows kept: 40.', 'They are worth 12.3 rows of equal weight.')
    >>> notes({"source_share.0": 0.91, "source_share.3": 0.4})[0].split(": ")[0]
    "The source's share of the weights"
    """
    shares = [f"{numbers.share(value)} in block {block}" for block, value in _of_each(told, _SHARE)]
    weights = [f"{strategy(arm)} {numbers.share(value)}" for arm, value in _of_each(told, _WEIGHT)]
    heats = [f"{strategy(arm)} {value:.2f}" for arm, value in _of_each(told, _HEAT)]
    words = [
        NOTES[name].format(value) if name in NOTES else f"{label(name)}: {value}."
        for name, value in told.items()
        if not name.startswith((_SHARE, _WEIGHT, _HEAT))
    ]
    return (
        *([f"Weights: {', '.join(weights)}."] if weights else []),
        *([f"Temperatures that bring their scores to chances first: {', '.join(heats)}."] if heats else []),
        *words,
        *([f"The source's share of the weights: {', '.join(shares)}."] if shares else []),
    )


def _of_each(told: Mapping[str, JsonValue], what: str) -> list[tuple[str, float]]:
    """The numbers that are noted for each block or arm, with its name."""
    return [(name.removeprefix(what), value) for name, value in told.items() if name.startswith(what) and isinstance(value, float)]


def sentence(text: str) -> str:
    """``text`` with a capital and a full stop, its own words kept.

    >>> sentence("too few rows"), sentence("Done."), sentence("")
    ('Too few rows.', 'Done.', '')
    """
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def label(name: str) -> str:
    """A name of a metric, strategy or stage as a label; :func:`ntgate.gate.finding.title` has those of rules.

    >>> label("balanced accuracy"), label("ROC AUC"), label("fine_tuning")
    ('Balanced accuracy', 'ROC AUC', 'Fine tuning')
    """
    return sentence(name.replace("_", " ")).rstrip(".")


def outcome(report: RunReport) -> str:
    """The verdict in a word or two: a model that passed and is the champion already changes nothing.

    >>> outcome(RunReport.of({"outcome": "promoted", "registry": {"version": "3", "unchanged": True}}))
    'unchanged'
    """
    return "unchanged" if report.registry is not None and report.registry.unchanged else report.outcome


def headline(report: RunReport) -> str:
    """The verdict in the gate's own words, without the alarms, which stand below it.

    >>> headline(RunReport.of({"outcome": "rejected", "sentence": "It lost. Mind the labels.", "alarms": ["Mind the labels."]}))
    'It lost.'
    """
    told = report.sentence
    for alarm in report.alarms:
        told = told.replace(alarm, "").strip() or told
    return sentence(told) or label(report.outcome)


def consequence(report: RunReport) -> str:
    """What the verdict did to the registry."""
    if report.dry_run:
        return "This was a dry run: nothing was written to the registry."
    if (told := approval_words.consequence(report)) is not None:
        return told
    if report.outcome != "promoted":
        if report.champion is None:
            return "Nothing was promoted, and there is no champion."
        version = f", version {report.champion.version}," if report.champion.version else ""
        return f"Nothing was promoted. The champion{version} is where it was."
    if report.registry is None or report.registry.version is None:
        return "The gate lets this model pass. Whether it became the champion, the registry knows."
    alias = report.registry.alias or "champion"
    verb = "carries the alias {} as before" if report.registry.unchanged else "now carries the alias {}"
    return f"Version {report.registry.version} of {report.registry.name} {verb.format(alias)}."


def compressed(report: RunReport) -> str:
    """How the candidate was compressed, and whether the verdict would have been another one without it."""
    told = report.compression
    if told is None:
        return ""
    words = f"{label(', then '.join(told.methods))}. The verdict is about the compressed model, the one that would be shipped."
    if told.uncompressed is not None and told.uncompressed.outcome != report.outcome.replace("approval_wanted", "promoted"):
        gain = numbers.gain(told.uncompressed.gain, report.metric_display)
        words += f" Uncompressed, the candidate would have been {told.uncompressed.outcome}, with a gain of {gain}."
    return words


def over_seeds(report: RunReport) -> str:
    """What further seeds of both arms say about the gain."""
    told = report.over_seeds
    if told is None or told.gain is None:
        return ""
    gains = ", ".join(numbers.gain(gain, report.metric_display, unit=False) for gain in told.gains)
    between = ""
    if told.interval is not None:
        ends = (
            numbers.gain(told.interval[0], report.metric_display, unit=False),
            numbers.gain(told.interval[1], report.metric_display),
        )
        between = f" ({numbers.confidence(report.alpha)} interval over seeds and rows {ends[0]} to {ends[1]})"
    mean = numbers.gain(told.gain, report.metric_display)
    return f"Trained with {len(told.gains)} seeds each, both arms with the same budget: mean gain {mean}{between}, by seed {gains}."


def won_and_lost(report: RunReport) -> str:
    """On how many test rows one arm is right and the other wrong, and what of them is shown.

    >>> told = {"disagreement": {"won": 61, "lost": 1, "hidden": "No row is shown."}}
    >>> won_and_lost(RunReport.of({"outcome": "promoted", **told}))
    'On 61 test rows the candidate is right and training from scratch wrong; on 1 it is the other way round. No row is shown.'
    """
    told = report.disagreement
    if told is None:
        return ""
    rows = "test row" if told.won == 1 else "test rows"
    line = (
        f"On {numbers.count(told.won)} {rows} the candidate is right and training from scratch wrong; "
        f"on {numbers.count(told.lost)} it is the other way round."
    )
    shown = len(told.won_rows) + len(told.lost_rows)
    drawn = " Some of them, drawn at random:" if 0 < shown < told.won + told.lost else ""
    return line + (f" {told.hidden}" if told.hidden is not None else drawn)


def before_labels(report: RunReport) -> str:
    """Of a verdict on labels, what the run had said on its own test rows."""
    if report.labels is None or report.labels.before is None:
        return ""
    return f"Before, on the run's own test rows: {sentence(report.labels.before)}"


def shift(told: Shift) -> str:
    """What the measured shift means, in the words of the drift page and the console."""
    if told.outcome == "unmeasured":
        return told.sentence
    said = shift_words.verdict(told)
    parts = [said, "" if "classifier" in said else shift_words.classifier(told)]
    if told.outcome in ("tolerated", "shift"):
        parts.append("How much that matters for the model is the gate's question, not this test's.")
    return " ".join(part for part in parts if part)


def next_steps(report: RunReport) -> tuple[str, ...]:
    """What to do after this verdict, most useful first."""
    after = approval_words.steps(report) if report.outcome == "approval_wanted" else _after(report)
    return (*report.alarms, *after)


def _after(report: RunReport) -> tuple[str, ...]:
    if report.outcome == "promoted":
        steps = [
            "Check it: ntgate replay works the verdict out again, and both arms are exported as ONNX files that take raw rows."
        ]
        if report.dry_run:
            return ("Run again without --dry-run to register and promote the model.", *steps)
        if report.registry and report.registry.name:
            alias = report.registry.alias or "champion"
            steps.insert(0, f"Serve models:/{report.registry.name}@{alias}: the alias follows the champion.")
        return (*steps, "Keep fresh labelled rows aside: a test set that is used again and again wears out.")
    if report.outcome == "inconclusive":
        held = {row.rule for row in report.findings if row.outcome == "inconclusive"}
        if held & {"reading", "labels"}:
            doubtful = "Answer that in the config, then run again: `ntgate validate` asks the same beforehand."
            return (doubtful if "reading" in held else "See to the labels, then run again.",)
        going = report.labels.next if report.labels is not None else None
        if going is not None and " judge " in going:
            return (f"Go on labelling the rows that were asked for, then: {going}",)
        asking = () if going is None else (f"Label the rows that decide, which takes the fewest labels: {going}",)
        fresh = (
            "Label fresh test rows of the target, then run again: the findings say how many. Rows that were opened count for no "
            "other decision, unless gate.ledger declares several."
        )
        if going is None and "negative_transfer" in held and report.gain is not None and report.gain <= (report.margin or 0.0):
            fresh = (
                "More test labels will not help, for no gain was measured: label training rows of the target, or look for a source "
                "that is nearer to it."
            )
        return (
            *asking,
            fresh,
            "Do not lower the bounds to get a verdict." + ("" if report.champion is None else " The champion keeps serving."),
        )
    return (
        "Look at the findings: the first failed rule says which comparison was lost.",
        "If training from scratch is good enough, more labelled target rows help it more than a distant source does.",
        "If the shift is large, look at the features that moved, and try a source that is nearer to the target.",
    )
