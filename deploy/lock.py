"""Print the constraints file: the versions of this environment, without local suffixes, editable or own packages."""

from __future__ import annotations

from importlib.metadata import distributions

HEADER = """\
# The versions ntgate is tested with; made by `make lock` from a clean `make install`.
# torch stands without its local suffix, so that a CPU and a CUDA build both fit.
"""
_OWN = {"ntgate", "pip", "setuptools", "wheel"}


def main() -> None:
    """Print one pin a line, sorted by name."""
    pins = {}
    for distribution in distributions():
        name = distribution.metadata["Name"].lower().replace("_", "-")
        if name not in _OWN:
            pins[name] = distribution.version.partition("+")[0]
    print(HEADER + "\n".join(f"{name}=={pins[name]}" for name in sorted(pins)))


if __name__ == "__main__":
    main()
