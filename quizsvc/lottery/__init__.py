"""The sealed box: rounds, deck, gate, draws, awards and their redemption.

Owns: rounds, draws, awards, coupons, redemptions. Invariants: a ticket draws once; a position is drawn once; the
outcome is deck[position] and nothing else; an award is redeemed once (undone redemptions aside). Redis proposes, the
database disposes.
"""
