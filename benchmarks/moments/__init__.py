"""The parts of ``chaos.py``: a story of commands, what disturbs them, and what has to hold afterwards."""
