"""Microlith beside its peers: what a request costs, measured by anyone.

`README.md` says how; `python -m benchmarks` runs it all.
"""
