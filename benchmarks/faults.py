"""Whether any fault that can be provoked breaks a promotion or an approval: the tests of faults, as tables.

Real processes, killed by the system, on real registries: SQLite, PostgreSQL, and an MLflow server on each. Some 12 minutes for
promotions, and as many for approvals; ``faults.py promotions`` and ``faults.py approvals`` make one table alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from machine import heading, write

ROOT = Path(__file__).resolve().parents[1]

# By test: the fault, and what has to hold after each time that it struck.
PROMOTIONS = {
    "test_fifty_rounds_of_two_to_eight_promoters": (
        "2 to 8 promoters at once, neighbours with the same decision",
        "all saw the champion of the round before; one decision wins, whoever repeats it gets its version, all others are told "
        "that the champion moved; in the end a version a round, each following on the one before, and nobody holds the lock",
    ),
    "test_five_rounds_of_two_to_eight_promoters": ("the same in the tests of every change", "the same"),
    "test_killed_at_every_boundary_of_a_promotion": (
        "killed before each request of a second promotion",
        "the champion is the old or the new one; rerun: the new one, one version of it, a second rerun changes nothing; "
        "reconcile: finished or never begun, a second one changes nothing; nobody holds the lock",
    ),
    "test_killed_at_every_boundary_of_the_first_promotion": (
        "killed before each request of a first promotion",
        "a rerun makes version 1 the champion, there is no other version, nobody holds the lock",
    ),
    "test_killed_at_every_boundary_of_a_rollback": (
        "killed before each request of a rollback",
        "reconcile keeps the champion and leaves no version in doubt; another rollback ends where the first would have",
    ),
    "test_the_database_crashes_between_two_requests": (
        "the database crashes before each request and recovers",
        "one sentence names the registry, and never says that nothing was promoted where the alias moved; a rerun makes version "
        "1 the champion, there is no other version, nobody holds the lock",
    ),
    "test_the_server_is_killed_between_two_requests": (
        "the MLflow server is killed before, between and after",
        "the same; the sentence says that the connection was refused",
    ),
    "test_a_holder_that_died_on_another_machine_is_waited_for": (
        "the holder of the lock dies where nobody can see it",
        "the next promotion waits for its lease, then promotes",
    ),
    "test_clocks_that_differ_by_hours_have_no_effect": (
        "clocks of two machines 18 hours apart",
        "a living holder is waited for, a dead one for its lease",
    ),
    "test_a_champion_moved_by_hand_is_respected": (
        "somebody moves the alias by hand",
        "the promotion is refused, the version of other hands stays the champion, reconcile leaves it alone",
    ),
    "test_a_broken_holder_stops_before_the_alias": (
        "the lock is broken under a living holder",
        "it stops before it moves the alias; a rerun promotes",
    ),
}
APPROVALS = {
    "test_fifty_rounds_of_people_who_answer_at_once": (
        "2 to 8 people answer two waiting versions at once",
        "at most one version a round is approved, nothing is both approved and declined, and whoever was told of a version is told "
        "the same person; all others are refused in a sentence; the champion is the last that was approved, nobody holds the lock",
    ),
    "test_killed_at_every_boundary_of_a_proposal": (
        "killed before each request of a proposal",
        "the champion stays; a rerun makes one version that waits, and nobody holds the lock",
    ),
    "test_killed_at_every_boundary_of_an_approval": (
        "killed before each request of an approval",
        "no alias without an approval that names its person; reconcile, or an approval by somebody else, finishes the first one "
        "where it was written down; one champion, no challenger, and nobody holds the lock",
    ),
    "test_killed_at_every_boundary_of_a_refusal": (
        "killed before each request of a refusal",
        "the champion stays; repeated by somebody else it names who was first; no challenger, and nobody holds the lock",
    ),
}
# By the table's name: its file and title, the tests as pytest is asked for them, and what they are.
TABLES = {
    "promotions": ("faults.md", "Promotion under faults", ["tests/registry/test_faults.py"], PROMOTIONS),
    "approvals": ("approvals.md", "Approval under kills and races", ["tests/registry/test_approval.py", "-m", "slow"], APPROVALS),
}
REGISTRIES = {
    "server-on-sqlite": "server, SQLite",
    "server-on-postgresql": "server, PostgreSQL",
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
}
OTHERS = {
    "test_the_database_crashes_between_two_requests": "PostgreSQL",
    "test_the_server_is_killed_between_two_requests": "server, SQLite",
}


def main() -> None:
    """Run the tests of each table and write it."""
    parser = argparse.ArgumentParser(description="Promotions and approvals under faults.")
    parser.add_argument("tables", nargs="*", metavar="table", help=f"of {' and '.join(TABLES)}; both when left out")
    tables = parser.parse_args().tables or [*TABLES]
    if unknown := {*tables} - {*TABLES}:
        parser.error(f"expected {' or '.join(TABLES)}, got {', '.join(sorted(unknown))}")
    sys.exit(max(tested(name) for name in tables))


def tested(name: str) -> int:
    """The exit code of pytest."""
    file, title, tests, faults = TABLES[name]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        how = ["-q", "-p", "no:xdist", "--timeout", "1800", f"--junitxml={report}", "-o", "junit_family=xunit1"]
        done = subprocess.run([sys.executable, "-m", "pytest", *how, *tests], cwd=ROOT, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    write(file, heading(title, f"python benchmarks/faults.py {name}") + table(cases, faults))
    return done.returncode


def table(cases: list[ElementTree.Element], faults: dict[str, tuple[str, str]]) -> str:
    """The figures of each test, and what it checked."""
    lines = ["", "| fault | registry | after it | struck | seconds | |", "| --- | --- | --- | ---: | ---: | --- |"]
    for test, (fault, _) in faults.items():
        for case in cases:
            name, _, parameters = case.get("name", "").partition("[")
            if name == test:
                lines.append(f"| {fault} | {_row(name, parameters.rstrip(']'), case)} |")
    told = {case.get("name", "").partition("[")[0] for case in cases}
    if told != set(faults):
        raise SystemExit(f"tests and table differ: {sorted(told ^ set(faults))}")
    seconds = sum(float(case.get("time", 0)) for case in cases)
    lines += ["", f"{len(cases)} tests, {seconds:,.0f} seconds. What is checked after each time that a fault struck:", ""]
    lines += [f"- {fault}: {checked}." for fault, checked in faults.values()]
    return "\n".join(lines)


def _row(name: str, parameters: str, case: ElementTree.Element) -> str:
    registry = OTHERS.get(name) or next((words for key, words in REGISTRIES.items() if key in parameters), "SQLite")
    sequel = next((word for word in ("rerun", "reconcile") if word in parameters), "")
    counted = {entry.get("name"): entry.get("value") for entry in case.iter("property")}
    struck = next((f"{number} {what}" for what, number in counted.items()), "1")
    ended = "failed" if case.find("failure") is not None or case.find("error") is not None else "passed"
    ended = "skipped" if case.find("skipped") is not None else ended
    return f"{registry} | {sequel} | {struck} | {float(case.get('time', 0)):.0f} | {ended}"


if __name__ == "__main__":
    main()
