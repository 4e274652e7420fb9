"""Measures sloop beside its peers: ``make bench`` writes docs/benchmarks.md, plots and raw figures."""
