"""The tools of the book: directives, recordings, diagrams, narration, the site.

They run from the root of the repository (`python -m tools.book`) and as a
Python-Markdown extension (`tools.book.extension`). They read the ladder through
`tools.stages` and never write into `stages/` or `final/`.
"""
