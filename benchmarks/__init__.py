"""Benchmarks: ours and the rivals', in the same run on the same servers."""
