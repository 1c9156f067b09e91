"""Server-rendered charts: pure functions turn numbers into plain values, templates in `charts/` draw them.

Positions are ready-made strings ("37.50%"), so a chart fills whatever width it is given while its text keeps
its size. An unknown number reads `?`, never 0. Titles and labels come in already translated.
"""
