"""The demo campaign's files, and the simulator that drives a running server as a client would."""
