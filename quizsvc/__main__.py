"""`python -m quizsvc` is the `quizsvc` command."""

from quizsvc.app import main

main()
