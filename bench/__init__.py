"""Benchmarks: each measures the product and its limit or peer in the same run, and prints the ratio."""
