"""What a campaign reached: the dictionary of its figures, monthly fraud cases beside them, and words for both.

Owns: case_figures. Invariants: a figure is defined in `metrics` and nowhere else; a month's figures are only ever added
to, as revisions with their source, the latest in force; what is missing is said to be missing and never summed over;
no phrase says more than is true.
"""
