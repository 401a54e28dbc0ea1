"""What a campaign is: definition, lifecycle, and the rules that are frozen when it is published.

Owns: campaigns, their published versions, the amendment that waits. Invariants: a published version never changes; its
hash is the SHA-256 of its canonical JSON; version numbers only rise, also after a withdrawal; the state moves only
along the arrows of rules.MOVES, but for a withdrawal."""
