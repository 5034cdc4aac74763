"""A project's own ZenML steps, beside those of a run, which come with ntgate."""

from ntgate.optouts import opt_out

opt_out()
