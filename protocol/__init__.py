"""The maths of NSED: pure functions on plain data. Knows no graph and no model."""
