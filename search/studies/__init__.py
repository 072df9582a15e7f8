"""The command that looks after the storage."""
