"""Wiring only: the deliberation, its baselines and the routing between steps."""
