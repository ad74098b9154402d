"""Trails of real runs: what goes in, who signs, whom to believe."""
