"""The rules of a trial's life, and what is kept of it; knows nothing of Ray."""
