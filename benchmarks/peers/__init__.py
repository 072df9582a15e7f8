"""The same search as a person would write it with other tools, each following its own documentation."""
