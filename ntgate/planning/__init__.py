"""Which strategies to train, in which order, and why."""
