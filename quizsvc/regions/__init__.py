"""The tree of regions: district > street > community > compound > building. Data, never hard-coded.

Owns: regions. Invariants: a code names one region for ever; a region's path is its ancestors' codes and its own."""
