"""Who deliberates: the broker seam and its implementations."""
