"""Where the files of a run lie: a folder for the stages of this process, and the address at which others find them."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from ntgate.base import Artifact, Frozen, with_files
from ntgate.config import RunConfig
from ntgate.transport import cache, put, remote, sha256_file

T = TypeVar("T", bound=Frozen)
_PAGES = (".html", ".json")  # what people look for, beside everything else that is found by content


@dataclass(frozen=True)
class Place:
    """The files of one run.

    Attributes:
        folder: where the stages of this process write.
        address: the run's folder for everybody; its last part is the run's name.
        store: where files are put by content; None where everybody sees ``folder``.
    """

    folder: Path
    address: str
    store: str | None = None

    @classmethod
    def of(cls, config: RunConfig, results: Mapping[str, Frozen] | None = None, part: str = "") -> Place:
        """The place below ``output`` of the run that made ``results``, else of a new run, named by time and some random digits.

        Args:
            config: of the run.
            results: by name; ``ingested`` among them knows the run's name.
            part: what this process does of the run. When it is killed and begins again, it finds what it wrote.
        """
        run = getattr((results or {}).get("ingested"), "run", None)
        run = run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        if not remote(config.output):
            folder = Path(config.output).resolve() / config.model.name / run
            return cls(folder, str(folder))
        output = config.output.rstrip("/")
        folder = cache().resolve() / "work" / run / part
        return cls(folder, f"{output}/{config.model.name}/{run}", f"{output}/files")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have the folder inside this block; where files are found elsewhere, it is deleted behind it."""
        if self.store is None:
            yield  # the first stage makes it when the data are read: a refusal leaves none behind
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def published(self, result: T) -> T:
        """The result with every file of it where others find it.

        Raises:
            StoreError: when the store does not answer or lets nothing be written.
        """
        return result if self.store is None else with_files(result, self._published)

    def write(self, name: str, content: Any, *, indent: int | None = 2, allow_nan: bool = True) -> Path:
        """Write JSON into the folder in one step, so that nobody reads a half of it, and publish it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path, beside = self.folder / name, self.folder / f".{name}"
        beside.write_text(json.dumps(content, indent=indent, allow_nan=allow_nan) + "\n", encoding="utf-8")
        beside.replace(path)
        self.tell(path)
        return path

    def tell(self, page: Path) -> None:
        """Publish a page for people that no result names."""
        if self.store is not None:
            put(page, sha256_file(page), f"{self.address}/{page.name}", again=True)

    def _published(self, file: Artifact) -> Artifact:
        if remote(file.path):
            return file
        path = Path(file.path)
        page = path.parent == self.folder and path.suffix in _PAGES
        address = self.address if page else f"{self.store}/{file.sha256[:2]}/{file.sha256}"
        put(path, file.sha256, f"{address}/{path.name}", again=page)
        return file.model_copy(update={"path": f"{address}/{path.name}"})
