"""The command that writes what a study found as one page."""
