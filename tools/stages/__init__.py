"""The ladder: stage folders laid over each other, composed and checked.

Run it as `python -m tools.stages COMMAND` from the root of the repository. It
uses the standard library alone, so that it works in an empty environment, and
it never imports the package that it composes: sources are read as text and as
syntax trees.
"""
