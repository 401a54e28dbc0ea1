"""The citizen's own view over all slices: the campaign page, own state, awards, mistakes, export, deletion.

Owns no tables."""
