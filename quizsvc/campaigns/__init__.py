"""What a campaign is: definition, lifecycle, and the rules that are frozen when it is published.

Owns: campaigns and their published versions. Invariants: a published version never changes; its hash is the SHA-256 of
its canonical JSON; the state moves only along the arrows of rules.MOVES."""
