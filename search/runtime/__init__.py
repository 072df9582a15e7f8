"""Everything that imports Ray, and what it needs of a machine."""
