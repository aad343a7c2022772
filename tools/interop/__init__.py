"""Microlith beside other people's servers, frameworks and clients.

`python -m tools.interop` makes an environment of its own with all of them, lets
each meet Microlith, and prints what worked as a matrix.
"""
