"""Who is who: citizens, volunteers, staff, their roles on regions, tokens, consent and the audit log.

Owns: citizens, consents, exclusions, volunteers, invitations, staff, grants, audit entries. Invariants: an openid is
kept as a keyed hash only; roles are read at each request; nobody grants a role to themselves or outside their subtree;
a log-in is bound to one volunteer at most."""
