"""The stages of a run, one file each: what a ZenML step calls, and what the flow calls in one process."""
