"""The kept models: which there are, what they say of examples, and what is drawn by hand."""
