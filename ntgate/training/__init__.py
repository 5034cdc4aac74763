"""Networks, the one training loop, and the source model that transfer starts from."""
