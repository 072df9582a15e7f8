"""What a command finds: the Python, packages, variables, limits, processes and hardware of this machine."""
