"""Technique shared by all slices: database, HTTP, Redis, clock, keys. Knows no word of the domain."""
