"""The parts of an export: which model, in which formats, how each file is checked, and what describes it."""
