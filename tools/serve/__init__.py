"""Serving the book with the library that it builds.

`python -m tools.serve` builds the site when its sources have changed, reads it into
memory and serves it with Microlith under uvicorn, beside the notes example. It must not
know how a page is made: that is the business of `tools.book`.
"""
