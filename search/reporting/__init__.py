"""The parts of a report: what is said, and how a page of it is made."""
