"""Measure this project beside its peers and its limits; each command writes its section of RESULTS.md."""
