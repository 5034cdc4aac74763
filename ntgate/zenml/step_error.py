"""The error of a step, beside the step in ZenML's database: who waits for the run may be in another process."""

from typing import Any

from ntgate import errors
from ntgate.errors import Faults, NtgateError

KEY = "ntgate_error"


def stated(error: NtgateError) -> dict[str, Any]:
    """An error as metadata that a step can log.

    >>> stated(errors.DataError("x.npz", expected="rows", got="none", fix="add some"))["kind"]
    'DataError'
    """
    if isinstance(error, Faults):
        return {"kind": type(error).__name__, "problems": [stated(problem) for problem in error.problems]}
    return {"kind": type(error).__name__, "subject": error.subject, "expected": error.expected, "got": error.got, "fix": error.fix}


def restated(metadata: dict[str, Any]) -> NtgateError:
    """The error that was stated; of a kind that is not ntgate's, a plain one.

    >>> str(restated(stated(errors.DataError("x.npz", expected="rows", got="none", fix="add some"))))
    'x.npz: expected rows, got none; add some.'
    """
    kind: Any = getattr(errors, metadata["kind"], NtgateError)
    if "problems" in metadata:
        problems: NtgateError = kind([restated(problem) for problem in metadata["problems"]])
        return problems
    error: NtgateError = kind(**{key: metadata[key] for key in ("subject", "expected", "got", "fix")})
    return error


def error_of(run: Any) -> NtgateError | None:
    """The error that a step of a pipeline run has logged, if one has."""
    for step in run.steps.values():
        if metadata := step.run_metadata.get(KEY):
            return restated(metadata)
    return None


def container_error(error: BaseException) -> NtgateError | None:
    """The end of a step's container, where the orchestrator hands over all that it said as bytes; None for any other error.

    Of a stage's own fault :func:`error_of` tells more: this is for containers in which none began.
    """
    said: Any = getattr(error, "stderr", None)
    if not isinstance(said, bytes):
        return None
    arguments: Any = getattr(error, "command", None)
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return NtgateError(
        f"the container of step {arguments[-1]}" if arguments else "the container of a step",
        expected="one in which the step runs",
        got=f"exit code {getattr(error, 'exit_status', '?')}: {lines[-1].strip() if lines else 'no words'}",
        fix="mend the image or the orchestrator's run_args; the container is kept, `docker ps --all` lists it",
    )
