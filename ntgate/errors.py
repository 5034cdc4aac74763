"""The errors a user can meet, each with its exit code.

An error finishes its sentence: what was expected, what came, what to do. Failing a gate is no error but a
:class:`~ntgate.gate.finding.Finding`; an exception means that ntgate could not judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ntgate.credentials import without_credentials

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class NtgateError(Exception):
    """An expected fault, shown to the user as one sentence and never as a traceback.

    Args:
        subject: what the sentence is about, such as a path, a config key or an argument.
        expected: what was expected.
        got: what came instead.
        fix: what to do about it, in the imperative.

    Credentials in any of them are masked: a message, a log and a pickled error hold none. Control characters are shown as they are
    written in Python: what stands in a file moves no cursor.

    >>> print(DataError("target.npz", expected="an array 'y'", got="arrays ['x']", fix="add the labels as 'y'"))
    target.npz: expected an array 'y', got arrays ['x']; add the labels as 'y'.
    """

    exit_code = 1

    def __init__(self, subject: str, *, expected: str, got: str, fix: str) -> None:
        subject, expected, got, fix = (_CONTROL.sub(_written, without_credentials(part)) for part in (subject, expected, got, fix))
        super().__init__(subject, expected, got, fix)
        self.subject, self.expected, self.got, self.fix = subject, expected, got, fix

    def __str__(self) -> str:
        end = "" if self.fix.endswith("?") else "."
        return f"{self.subject}: expected {self.expected}, got {self.got}; {self.fix}{end}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling, and orchestrators send exceptions between processes.
        return (_rebuild, (type(self), self.subject, self.expected, self.got, self.fix))


def _written(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _rebuild(kind: type[NtgateError], subject: str, expected: str, got: str, fix: str) -> NtgateError:
    return kind(subject, expected=expected, got=got, fix=fix)


class ConfigError(NtgateError):
    """The command line or the config cannot be used as it stands (exit 2)."""

    exit_code = 2


class DataError(NtgateError):
    """The data cannot be read, or cannot bear the question asked of it (exit 5)."""

    exit_code = 5


class LostError(DataError):
    """A file that an earlier stage wrote is gone, or is not what it was (exit 5)."""


class ModelError(NtgateError):
    """A model, backbone or checkpoint cannot be loaded, trained or exported (exit 5)."""

    exit_code = 5


class TooLargeError(ModelError):
    """The rows are none for a learner, which steps aside (exit 5 where it is asked for by itself).

    Args:
        learner: what cannot learn from them.
        why: in words.
    """

    def __init__(self, learner: str, why: str) -> None:
        super().__init__(learner, expected="rows that it can learn from in seconds", got=why, fix="leave it out")
        self.why = why

    def __reduce__(self) -> tuple[type[TooLargeError], tuple[str, str]]:
        return TooLargeError, (self.subject, self.why)


class RegistryError(NtgateError):
    """The model registry cannot be reached or refused the request (exit 6)."""

    exit_code = 6


class RegistryDeniedError(RegistryError):
    """The registry, or the store of its artifacts, wants other credentials (exit 6): asking again changes nothing."""


class StoreError(NtgateError):
    """The store of a run's files cannot be reached, or lets nothing be written (exit 6)."""

    exit_code = 6


class EndpointError(NtgateError):
    """A server of models cannot be reached, refuses the rows, or does not answer with class scores (exit 6)."""

    exit_code = 6


class WornError(NtgateError):
    """Earlier decisions have worn the test rows out, so that a new model could not be judged on them: inconclusive (exit 4)."""

    exit_code = 4


class MachineError(NtgateError):
    """This machine has no room left, on a disk or in memory, or does not take the answer (exit 74)."""

    exit_code = 74


class ChampionMovedError(RegistryError):
    """The champion is no longer the one that the decision was made against (exit 6)."""


class Faults(NtgateError):
    """All that is wrong, at once; the exit code is the first one's, a registry that does not answer last."""

    def __init__(self, problems: Sequence[NtgateError]) -> None:
        first = problems[0]
        super().__init__(first.subject, expected=first.expected, got=first.got, fix=first.fix)
        self.problems = tuple(one for problem in problems for one in getattr(problem, "problems", (problem,)))
        # What is wrong here stays wrong; a registry may answer the next time.
        codes = [problem.exit_code for problem in problems]
        self.exit_code = next((code for code in codes if code != RegistryError.exit_code), codes[0])

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (list(self.problems),)


class DataErrors(Faults, DataError):
    """All that is wrong with the data, file by file (exit 5)."""


class ConfigErrors(Faults, ConfigError):
    """All that is wrong with a config, at once (exit 2)."""
