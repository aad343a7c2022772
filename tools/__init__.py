"""The tools that keep the ladder of stages and the book true.

They run from the root of the repository (`python -m tools.stages`,
`python -m tools.book`) and are no part of the library.
"""
