"""The fault suite: a crowd draws over HTTP while processes, Redis and the database are killed under it.

`python -m tests.chaos` (or `make chaos`) prints one line per invariant. `arena` prepares a database, `served` is the
service with fault points, `relay` stands between it and Redis, `clients` draw and keep a journal, `faults` break
things, `storm` runs all of it, `evidence` reads what is left, `checks` judge it, and `naive` are deliberately wrong
variants of the service on which the checks must raise the alarm. `ledger` is a storm of its own: phones, desks and
deciders (`ledger_clients`) fill the material ledger while workers are killed, and the books have to agree.
"""
