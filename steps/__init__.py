"""ZenML steps: each calls one stage of ntgate, and holds no logic of its own."""

from ntgate.optouts import opt_out

opt_out()
