"""Files as people have them: small ones, each with how ntgate has to read it. ``docs/reading.md`` is this list, written out.

A situation writes two files into a folder and says what has to become of them: ``reads``, ``asks`` or ``refuses``, with a part of
what is printed. To add one, add it to a list beside this file, or a list of your own to ``ALL``.

    python -m tests.data.situations.outcome    # writes docs/reading.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.data.situations.build import Situation
from tests.data.situations.dates import DATES
from tests.data.situations.file_types import TYPES
from tests.data.situations.files import FILES
from tests.data.situations.labels import LABELS
from tests.data.situations.no_features import NO_FEATURES
from tests.data.situations.numbers import NUMBERS
from tests.data.situations.pictures import PICTURES
from tests.data.situations.plain import PLAIN

PAGE = Path(__file__).parents[3] / "docs" / "reading.md"
ALL: dict[str, list[Situation]] = {
    "Plain columns": PLAIN,
    "Numbers": NUMBERS,
    "Dates": DATES,
    "What is no feature": NO_FEATURES,
    "Types of a file": TYPES,
    "Files": FILES,
    "Labels": LABELS,
    "Pictures": PICTURES,
}
CASES = {f"{part}: {one.about}": one for part, group in ALL.items() for one in group}
_BEGIN = "<!-- written by python -m tests.data.situations.outcome -->"


@dataclass(frozen=True)
class Outcome:
    """What ntgate did: ``reads``, ``asks`` or ``refuses``, all that it printed, its sentence, and how it read the columns."""

    does: str
    printed: str
    sentence: str
    kinds: Mapping[str, str]
    answers: tuple[str, ...] = ()


def outcome(one: Situation, folder: Path, answered: Mapping[str, Any] | None = None) -> Outcome:
    """Read the files of a situation as ``ntgate validate`` does, with further settings below ``data``."""
    from ntgate.cli.validate import asked, columns_read
    from ntgate.config_file import parse
    from ntgate.errors import NtgateError
    from ntgate.stages.domains import read_domains

    folder.mkdir(parents=True, exist_ok=True)
    data = {**one.files(folder), **(answered or {})}
    content = {"model": {"name": "m", **one.model}, "data": data, "registry": {"uri": "sqlite:///mlflow.db"}}
    try:
        rows = read_domains(parse(yaml.safe_load(yaml.safe_dump(content)), folder))
    except NtgateError as error:
        told = str(error).replace(f"{folder}/", "")
        return Outcome("refuses", told, told.splitlines()[0], {})
    reading = rows.reading
    recognised = [domain.read_as for domain in rows.domains.values() if domain.read_as][:1]
    shown = [*recognised, *columns_read(reading), *asked(reading)]
    lines = ["  ".join(part.strip() for part in line.split("  ") if part.strip()) for line in shown]
    sentence = next((line for line in lines if one.says in line), "")
    if reading.questions:
        sentence = next((q.sentence for q in reading.questions if one.says in q.sentence), sentence)
    return Outcome(
        "asks" if reading.questions else "reads",
        "\n".join(lines),
        sentence,
        {column.name: column.kind for column in reading.columns},
        reading.answers,
    )


def page(outcomes: Mapping[str, Outcome]) -> str:
    """``docs/reading.md``, from the outcome of each situation by its name."""
    head = PAGE.read_text(encoding="utf-8").partition(_BEGIN)[0] if PAGE.exists() else ""
    lines = [head + _BEGIN, ""]
    for part, group in ALL.items():
        lines += [f"## {part}", "", "| situation | ntgate | what it prints |", "| --- | --- | --- |"]
        lines += [f"| {_cell(one.about)} | {one.does} | {_cell(outcomes[f'{part}: {one.about}'].sentence)} |" for one in group]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = {name: outcome(one, Path(place) / str(number)) for number, (name, one) in enumerate(CASES.items())}
        PAGE.write_text(page(found), encoding="utf-8")
