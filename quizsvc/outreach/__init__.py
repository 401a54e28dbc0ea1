"""From door to door: who was sent where, and what they report.

Owns: assignments, tallies with their revisions and hand-outs, what is held for a person to decide. Invariants: a tally
is known by the id and revision that its phone gave it; at most one revision of a tally is in force, the highest that
counts, and none once it is void; so any order of arrival gives the same totals. What the ledger says was handed out
is what the revisions in force say. What cannot be authorised is held, never dropped."""
