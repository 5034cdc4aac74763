"""What a table of figures says about where it comes from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def heading(title: str, command: str) -> str:
    """Title, machine, date and command, as the head of a Markdown file."""
    import torch

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        model = next((line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), model)
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return (
        f"# {title}\n\n{model}, {os.cpu_count()} cores, {gpu}; Python {platform.python_version()}, torch {torch.__version__}; "
        f"{datetime.now(UTC):%Y-%m-%d}.\nRerun: `{command}`\n"
    )


def write(name: str, text: str) -> None:
    """Print a table and keep it."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text + "\n", encoding="utf-8")


def peer_python(name: str, packages: list[str]) -> Path:
    """The interpreter of a peer's own environment under ``.bench/``, which is made on the first call, with our torch."""
    import torch

    home = Path(__file__).resolve().parents[1] / ".bench" / name
    python = home / "bin" / "python"
    if not (home / ".installed").exists():
        print(f"installing {', '.join(packages)} into .bench/{name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        version = torch.__version__.split("+")[0]
        subprocess.run([python, "-m", "pip", "install", "-qq", f"torch=={version}", *packages], check=True)
        (home / ".installed").touch()
    return python


def shared_data() -> Path:
    """The folder of real data, or the end of the program with a reason."""
    folder = Path(os.environ.get("NTGATE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        sys.exit("the real data are not here; set NTGATE_DATA to their folder")
    return folder
