"""ntgate: fine-tuning pipelines that refuse negative transfer."""

__version__ = "0.1.0"
