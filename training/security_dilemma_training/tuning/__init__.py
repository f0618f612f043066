"""Tuning: hyper-parameters found by search, by algorithm and family of worlds."""
