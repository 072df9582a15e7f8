"""The command that trains a trial again and compares."""
