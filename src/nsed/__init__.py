"""nsed."""
