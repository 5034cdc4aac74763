"""A champion that ntgate did not make: loaded by MLflow in a process of its own, and asked for its answers."""
