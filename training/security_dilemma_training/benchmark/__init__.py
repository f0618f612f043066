"""Benchmarks: algorithms by worlds by seeds, their table of results and their report."""
