"""Benchmarks: the same work in specdl and in its peers, each in a process of its own, timed in turn."""
