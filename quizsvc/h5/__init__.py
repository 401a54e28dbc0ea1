"""The web page of citizens and volunteers: static files without a build step, a client of the public API only."""
