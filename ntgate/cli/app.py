"""The group of commands, and the one place where an outcome or an error becomes an exit code."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import nullcontext, suppress

import click

import ntgate
from ntgate.cli import console, signals
from ntgate.cli.adopt import adopt
from ntgate.cli.approve import approve, decline
from ntgate.cli.ask import ask
from ntgate.cli.compare import compare
from ntgate.cli.doctor import doctor
from ntgate.cli.drift import drift
from ntgate.cli.explain import explain
from ntgate.cli.gc import gc
from ntgate.cli.init import init
from ntgate.cli.judge import judge
from ntgate.cli.kfp import kfp
from ntgate.cli.ledger import ledger
from ntgate.cli.lock import lock
from ntgate.cli.plan import plan
from ntgate.cli.reconcile import reconcile
from ntgate.cli.replay import replay
from ntgate.cli.report import report
from ntgate.cli.rollback import rollback
from ntgate.cli.run import run as run_command
from ntgate.cli.schedule import schedule
from ntgate.cli.schema import schema
from ntgate.cli.serve_check import serve_check
from ntgate.cli.status import status
from ntgate.cli.up import up
from ntgate.cli.validate import validate
from ntgate.credentials import remember_address, without_credentials
from ntgate.errors import ConfigError, Faults, MachineError, NtgateError, RegistryError, WornError
from ntgate.extras import of_import
from ntgate.foreign_code import left
from ntgate.machine import machine_fault, out_of_room
from ntgate.registry import standing

COMPLETE = "_NTGATE_COMPLETE"  # set by the shell that completes
INTERNAL, USAGE, INTERRUPTED, READER_GONE = 1, 2, 130, 141

_SHOWN = 120  # characters of a path

EXIT_CODES = """\b
Exit codes:
  0  promoted, or done
  1  internal error
  2  usage or config
  3  rejected by the gate; drift: a shift; init --check, up, replay, serve-check: something differs
  4  inconclusive: never promoted
  5  bad data or model
  6  registry, a store, or an endpoint
  7  passed the gate, and waits for approval
  74  no room on a disk, no memory, or the answer could not be written
  130, 143  interrupted, terminated
  141  the reader of the answer has gone"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(ntgate.__version__, prog_name="ntgate")
def cli() -> None:
    """Fine-tune on a shifted target, and promote only what beats training from scratch."""


_COMMANDS = (
    run_command,
    ask,
    judge,
    drift,
    plan,
    validate,
    schema,
    report,
    explain,
    replay,
    compare,
    status,
    approve,
    decline,
    adopt,
    rollback,
    reconcile,
    serve_check,
    gc,
    lock,
    ledger,
    schedule,
    init,
    up,
    kfp,
    doctor,
)
for _command in _COMMANDS:
    cli.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; errors become one sentence, or one JSON object."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments and COMPLETE in os.environ:
        return _completed()
    for argument in arguments:
        remember_address(str(argument))  # a caller in Python may give a number
    standing.forget()
    # What click prints by itself is the answer then.
    helping = not arguments or not {"-h", "--help", "--version"}.isdisjoint(arguments)
    with nullcontext() if helping else console.claimed():
        try:
            _refuse_no_folder(helping=helping)
            with signals.terminable():
                code = cli.main(list(arguments), prog_name="ntgate", standalone_mode=False)
            return int(code or 0)
        except BaseException as error:  # noqa: BLE001  the last line of defence
            return _ended(error, as_json="--json" in arguments, helping=helping)


def _refuse_no_folder(*, helping: bool) -> None:
    """Refuse a working directory that was deleted: every library says something else of it."""
    if helping:
        return
    try:
        os.getcwd()
    except FileNotFoundError:
        raise ConfigError(
            "working directory", expected="a folder that exists", got="one that was deleted", fix="change to another folder"
        ) from None


def _completed() -> int:
    """What the shell asks: the script that completes, or what may come next in a line."""
    try:
        cli.main([], prog_name="ntgate", complete_var=COMPLETE)
    except SystemExit as answered:
        return int(answered.code or 0)


def _ended(error: BaseException, *, as_json: bool, helping: bool) -> int:
    """Say why a command did not come to its end, and how the registry stands; return the exit code."""
    if isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError):
        error = error.__context__  # what click made an exit of
    number = signals.received()
    if number is not None or isinstance(error, KeyboardInterrupt | click.Abort):
        word = "interrupted" if number in (None, signal.SIGINT) else f"terminated by {signal.Signals(number).name}"
        said = f"{word}; {standing.sentence()}"
        console.error(said)
        return _answered(INTERRUPTED if number is None else 128 + number, [{"message": said}], as_json)
    if isinstance(error, console.ReaderGoneError) or (isinstance(error, BrokenPipeError) and helping):
        if standing.known() is not None:
            console.error(f"nobody reads the answer; {standing.sentence()}")
        return READER_GONE
    if helping and out_of_room(error):
        got, fix = os.strerror(errno.ENOSPC), "make room there, or write elsewhere"
        error = MachineError("standard output", expected="a place that takes the answer", got=got, fix=fix)
    if isinstance(error, click.ClickException):
        shown = io.StringIO()
        error.show(shown)
        console.note(without_credentials(shown.getvalue().rstrip()))
        return _answered(USAGE, [{"message": without_credentials(error.format_message())}], as_json)
    if not isinstance(error, NtgateError):
        fault = _outside(error)
        if fault is None:
            said = _internal(error)
            console.error(said)
            return _answered(INTERNAL, [{"message": said}], as_json)
        error = fault
    problems = error.problems if isinstance(error, Faults) else (error,)
    for problem in problems:
        console.error(str(problem))
    found = standing.known()
    if found is not None and (found.champion or not isinstance(error, RegistryError)):  # whose own sentence says so
        console.error(standing.sentence())
    return _answered(error.exit_code, [_fields(problem) for problem in problems], as_json)


def _answered(code: int, problems: list[dict[str, str]], as_json: bool) -> int:
    if as_json:
        found = standing.known()
        stands = {} if found is None else {"registry": {**found._asdict(), "sentence": standing.sentence()}}
        with suppress(console.ReaderGoneError, MachineError):  # the code and standard error tell it too
            judged = {"outcome": "inconclusive"} if code == WornError.exit_code else {}
            console.answer({"schema": 1, "exit_code": code, **judged, "errors": problems, **stands})
    return code


def _fields(error: NtgateError) -> dict[str, str]:
    return {"message": str(error), "path": error.subject, "expected": error.expected, "got": error.got, "fix": error.fix}


def _outside(error: BaseException) -> NtgateError | None:
    """The error in our words where it is no fault of ours."""
    if isinstance(error, SystemExit):
        return left(error)
    return machine_fault(error) or of_import(error) or _of_path(error)


_IMPOSSIBLE = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES, errno.EROFS)


def _of_path(error: BaseException) -> ConfigError | None:
    """The error in our words where a path that was given can lead nowhere, and nobody has said so in better words."""
    if not isinstance(error, OSError) or error.errno not in _IMPOSSIBLE or not error.filename:
        return None
    shown = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return ConfigError(shown, expected="a path that can be used", got=os.strerror(error.errno).lower(), fix="name another one")


def _internal(error: BaseException) -> str:
    told = without_credentials(f"internal error ({type(error).__name__}: {error}); {standing.sentence()}; the traceback is ")
    trace = without_credentials("".join(traceback.format_exception(error)))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="ntgate-", suffix=".log", delete=False, encoding="utf-8") as file:
            file.write(trace)
    except OSError:
        return told + "lost, since no file could be written"
    return told + f"in {file.name}"
