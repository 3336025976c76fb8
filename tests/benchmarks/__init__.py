"""Benchmarks: the same work in specdl and in its peers, timed in turn in one process."""
