"""What a page shows of the benchmarks: tables, plots, and single figures in prose.

All of it comes from one file of results; no figure is typed in by hand.
"""
