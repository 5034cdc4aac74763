"""The group of commands, and the one place where an outcome or an error becomes an exit code."""

from __future__ import annotations

import io
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click

import ntgate
from ntgate.cli import console
from ntgate.cli.doctor import doctor
from ntgate.cli.drift import drift
from ntgate.cli.init import init
from ntgate.cli.kfp import kfp
from ntgate.cli.ledger import ledger
from ntgate.cli.lock import lock
from ntgate.cli.plan import plan
from ntgate.cli.reconcile import reconcile
from ntgate.cli.report import report
from ntgate.cli.rollback import rollback
from ntgate.cli.run import run as run_command
from ntgate.cli.schedule import schedule
from ntgate.cli.schema import schema
from ntgate.cli.status import status
from ntgate.cli.up import up
from ntgate.cli.validate import validate
from ntgate.credentials import without_credentials
from ntgate.errors import Faults, NtgateError, WornError

INTERNAL, USAGE, INTERRUPTED = 1, 2, 130


EXIT_CODES = """\b
Exit codes:
  0  promoted, or done
  1  internal error
  2  usage or config
  3  rejected by the gate; drift: a shift; init --check, up: something differs
  4  inconclusive: never promoted
  5  bad data or model
  6  registry
  130  interrupted"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(ntgate.__version__, prog_name="ntgate")
def cli() -> None:
    """Fine-tune on a shifted target, and promote only what beats training from scratch."""


_COMMANDS = (
    run_command, drift, plan, validate, schema, report, status, rollback, reconcile, lock, ledger, schedule, init, up, kfp, doctor,
)  # fmt: skip
for _command in _COMMANDS:
    cli.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; errors become one sentence, or one JSON object."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in arguments
    with console.claimed():
        try:
            code = cli.main(list(arguments), prog_name="ntgate", standalone_mode=False)
            return int(code or 0)
        except NtgateError as error:
            problems = error.problems if isinstance(error, Faults) else (error,)
            for problem in problems:
                console.error(str(problem))
            if as_json:
                console.answer(_error(error.exit_code, [_fields(problem) for problem in problems]))
            return error.exit_code
        except click.ClickException as error:
            shown = io.StringIO()
            error.show(shown)
            console.note(without_credentials(shown.getvalue().rstrip()))
            if as_json:
                console.answer(_error(USAGE, [{"message": without_credentials(error.format_message())}]))
            return USAGE
        except (KeyboardInterrupt, click.Abort):
            console.error("interrupted; nothing was promoted")
            if as_json:
                console.answer(_error(INTERRUPTED, [{"message": "interrupted"}]))
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001  the last line of defence: a fault of ours, kept in a file
            message = _internal(error)
            console.error(message)
            if as_json:
                console.answer(_error(INTERNAL, [{"message": message}]))
            return INTERNAL


def _error(code: int, problems: list[dict[str, str]]) -> dict[str, object]:
    judged = {"outcome": "inconclusive"} if code == WornError.exit_code else {}
    return {"schema": 1, "exit_code": code, **judged, "errors": problems}


def _fields(error: NtgateError) -> dict[str, str]:
    return {
        "message": str(error),
        "path": error.subject,
        "expected": error.expected,
        "got": error.got,
        "fix": error.fix,
    }


def _internal(error: Exception) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="ntgate-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(without_credentials("".join(traceback.format_exception(error))))
    said = without_credentials(str(error))
    return f"internal error ({type(error).__name__}: {said}); nothing was promoted; the traceback is in {file.name}"
