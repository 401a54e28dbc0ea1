"""The question bank, papers, marks, tickets and mistakes.

Owns: scam types, questions and their versions, papers, tickets. Invariants: one open paper per person and campaign; a
paper's n-th of a day exists once; a paper is marked once and yields at most one ticket; no answer leaves before the
mark.
"""
