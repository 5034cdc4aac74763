"""Runs by the clock: cron expressions, and what makes one machine follow them."""
