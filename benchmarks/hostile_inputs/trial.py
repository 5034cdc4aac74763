"""One input given to the command line in a process of its own, and what is wrong with how that ended."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import stat
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile_inputs import project
from hostile_inputs.hostile_input import HostileInput, Place

FOREST = multiprocessing.get_context("forkserver")  # children start with everything imported, and share nothing else
SECONDS = 60.0  # an input that takes longer has hung the command
MEMORY = 6 * 2**30  # bytes of address space
CPU = 150  # seconds, for a process that nobody waits for any more
VERDICTS = (0, 3, 4, 7)  # ends of a command that was not refused: its answer is no error
# What may be wrong, and how it is headed in the table.
WRONG = {
    "traceback": "tracebacks",
    "internal": "exit 1",
    "hung": "hung",
    "executed": "canaries executed",
    "password": "passwords seen",
    "promoted": "champions moved",
    "code": "other exit code",
    "sentence": "not one sentence",
}


@dataclass(frozen=True)
class Tried:
    """How an input ended.

    Attributes:
        door: where it was given.
        name: what it is.
        words: the command line.
        code: the exit code; None: it was killed.
        wrong: what is wrong, by the keys of `WRONG`.
        seconds: that it took.
        said: the end of what was said.
    """

    door: str
    name: str
    words: tuple[str, ...]
    code: int | None
    wrong: Mapping[str, str]
    seconds: float
    said: str = ""


@dataclass
class Bench:
    """A home with a project that is laid out anew for every input.

    Attributes:
        home: of the project, of what was copied of it, and of a home and temporary files of the commands.
        run: the folder of the run that waits for labels.
        laid: the files of the project as it was laid out, each with what changes when it is written.
    """

    home: Path
    run: Path | None = None
    laid: dict[Path, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the command runs."""
        return self.home / "project"

    def prepare(self) -> None:
        """Write the project, and make its champion and the run that waits for labels."""
        self.folder.mkdir(parents=True)
        self._fresh_homes()
        project.write(self.folder)
        for name in ("out", "err"):
            (self.home / name).touch()
        self._undisturbed(["run", "arrays.yaml", "--inline"], 0)
        self._undisturbed(["run", "few.yaml", "--inline"], 4)
        (self.run,) = (self.folder / "runs" / project.LABELLED).iterdir()
        self._undisturbed(["ask", str(self.run), "--rows", "pool.npz"], 0)
        shutil.copytree(self.folder, self.home / "kept")

    def attempt(self, given: HostileInput, number: int) -> Tried:
        """Lay the project out, put the input into it, and give it to the command line."""
        self._lay_out()
        canary, secret = self.home / "canary", f"geheim-{number}-q7"
        canary.unlink(missing_ok=True)
        assert self.run is not None
        words = tuple(given.make(Place(self.folder, canary, secret, self.run)))
        assert not any("\0" in word for word in words), "no command line holds a NUL"
        known, before = self._holding(secret), _standing(self.folder)
        environment = {name: value.replace("{secret}", secret) for name, value in given.environment.items()}
        code, seconds, out, err = self._ended(words, environment)
        if code is None and seconds < SECONDS:  # killed by another hand: the fork server, say, with all that it had begun
            code, seconds, out, err = self._ended(words, environment)
        wrong: dict[str, str] = {}
        if code is None or seconds > SECONDS:
            wrong["hung"] = f"{seconds:.0f} s"
        if canary.exists():
            wrong["executed"] = "code of the input has run"
        if _standing(self.folder) != before:
            wrong["promoted"] = "versions or aliases are others than before"
        where = sorted(str(path.relative_to(self.home)) for path in self._holding(secret) - known)
        if where:
            wrong["password"] = f"in {', '.join(where)}"
        if "Traceback (most recent call last)" in out + err:
            wrong["traceback"] = err[-300:]
        if code == 1 or "internal error" in out + err:
            wrong["internal"] = self._trace() or f"exit {code}"
        elif code is not None and code not in given.codes:
            wrong["code"] = f"exit {code}, right is {' or '.join(map(str, sorted(given.codes)))}"
        odd = None if code is None else odd_answer(code, out, err, several=given.several)
        if odd is not None:
            wrong["sentence"] = odd
        return Tried(given.door, given.name, words, code, wrong, seconds, err[-600:])

    def _lay_out(self) -> None:
        """The project as it was, and an empty home; what nobody has changed may stay."""
        if not self.laid or _signs(self.folder) != self.laid:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            shutil.copytree(self.home / "kept", self.folder)
            self.laid = _signs(self.folder)
        self._fresh_homes()

    def _holding(self, secret: str) -> set[Path]:
        """The files of commands that have the password in them, as it is or as a header has it; what is packed is unpacked."""
        forms = [form.encode() for form in (secret, base64.b64encode(f"ann:{secret}".encode()).decode())]
        found = [self.home / "out", self.home / "err", *_signs(self.home / "at-home"), *_signs(self.home / "temporary")]
        found += [path for path, sign in _signs(self.folder).items() if self.laid.get(path) != sign]
        return {path for path in found if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size < 2**26 and _has(path, forms)}

    def _trace(self) -> str:
        """The end of the traceback of an internal error, which is kept in a file."""
        kept = sorted((self.home / "temporary").glob("ntgate-*.log"))
        lines = kept[-1].read_text(encoding="utf-8", errors="replace").splitlines() if kept else []
        where = [line.strip().removeprefix("File ") for line in lines if "/ntgate/" in line]
        return " ".join([*where[-1:], *lines[-1:]])

    def _undisturbed(self, words: Sequence[str], code: int) -> None:
        ended, _, _, err = self._ended(words, {})
        if ended != code:
            raise SystemExit(f"{' '.join(words)}, undisturbed, ended with {ended}: {err[-3000:]}")

    def _fresh_homes(self) -> None:
        for name in ("at-home", "temporary"):
            shutil.rmtree(self.home / name, ignore_errors=True)
            (self.home / name).mkdir()

    def _ended(self, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int | None, float, str, str]:
        """Exit code, seconds, and both streams of a command; the code is None where it had to be killed."""
        out, err, end, began = self.home / "out", self.home / "err", self.home / "end", time.monotonic()
        for file in (out, err, end):
            file.unlink(missing_ok=True)
        own = {"HOME": str(self.home / "at-home"), "TMPDIR": str(self.home / "temporary"), **environment}
        process = FOREST.Process(target=act, args=(list(words), str(self.folder), own, [str(out), str(err), str(end)]))
        process.start()
        process.join(SECONDS)
        code = int(end.read_text()) if end.exists() and end.stat().st_size else None
        with suppress(ProcessLookupError, TypeError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started
        process.join()
        streams = [file.read_text(encoding="utf-8", errors="replace") if file.exists() else "" for file in (out, err)]
        return code, time.monotonic() - began, streams[0], streams[1]


def act(words: list[str], folder: str, environment: Mapping[str, str], files: Sequence[str]) -> None:
    """One command of the command line in this process; ``files`` take its two streams and its exit code."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, files[0]), (2, files[1])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)  # as Python opens it
    import tempfile

    from ntgate.cli.app import run

    tempfile.tempdir = None
    code = run([*words, "--json"])
    sys.stdout.flush()
    sys.stderr.flush()
    Path(files[2]).write_text(str(code), encoding="utf-8")
    os._exit(code)


def odd_answer(code: int, out: str, err: str, *, several: bool) -> str | None:
    """What is odd about what was said; None: nothing.

    Standard output is one JSON object. A refusal has in it the exit code and a sentence, which standard error says too.

    >>> odd_answer(5, '{"exit_code": 5, "errors": [{"message": "a: expected b"}]}', "error: a: expected b", several=False)
    >>> odd_answer(2, "", "error: a", several=False)
    'no JSON object on standard output'
    """
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return "no JSON object on standard output"
    if code in VERDICTS and "errors" not in answer:
        return None
    if answer.get("exit_code") != code:
        return f"exit_code {answer.get('exit_code')} in the JSON object of exit {code}"
    errors = answer.get("errors") or []
    said = [line for line in err.splitlines() if line.lower().startswith("error: ")]
    if not errors or len(said) != len(errors) + ("registry" in answer):
        return f"{len(said)} lines of error for {len(errors)} errors"
    if len(errors) > 1 and not several:
        return f"{len(errors)} sentences: {' / '.join(one['message'][:80] for one in errors)}"
    return None


def _standing(folder: Path) -> Any:
    """Versions and aliases of the registry, as its database has them."""
    with closing(sqlite3.connect(f"file:{folder / 'mlflow.db'}?mode=ro", uri=True)) as database:
        told = database.execute("select name, version from model_versions order by 1, 2").fetchall()
        return told, database.execute("select name, alias, version from registered_model_aliases order by 1, 2").fetchall()


def _signs(folder: Path) -> dict[Path, Any]:
    """All that lies in a folder, each with what changes when it is written."""
    found = {}
    for above, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(above, name)
            told = path.lstat()
            found[path] = (told.st_mode, told.st_ino, told.st_size, told.st_mtime_ns)
    return found


def _has(path: Path, forms: Sequence[bytes]) -> bool:
    content = path.read_bytes()
    if any(form in content for form in forms):
        return True
    if content.startswith(b"SQLite format 3\0"):  # a text may lie on several pages
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return any(form.decode() in line for line in database.iterdump() for form in forms)
    if content.startswith(b"PK\x03\x04") and len(content) < 2**22:
        with suppress(Exception), zipfile.ZipFile(path) as archive:
            sizes = sum(member.file_size for member in archive.infolist())
            return sizes < 2**24 and any(form in archive.read(name) for name in archive.namelist() for form in forms)
    return False
