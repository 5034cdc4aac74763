"""``python -m ntgate``."""

from ntgate.cli import main

main()
