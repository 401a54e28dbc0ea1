"""The material ledger: what is where, and by which movement it came there.

Movements are only ever added; a mistake is taken back by a reversal, once. A store never falls below zero, a volunteer
may and is flagged. Per material: received + count differences = handed out + lost + returned to supplier + on hand.
"""
