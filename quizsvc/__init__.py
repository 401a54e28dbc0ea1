"""quizsvc: the backend of a sub-district's anti-fraud quiz campaign. Start reading at wiring.py."""
