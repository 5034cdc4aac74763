"""ntgate: fine-tuning pipelines that refuse negative transfer."""

__version__ = "0.1.0"

# The form of everything that is answered or stored: keys are added under the same number, anything else raises it.
SCHEMA = 1
