"""ZenML steps: each calls one stage of ntgate, and holds no logic of its own."""
