"""The command that takes a model away."""
