"""What networks are trained and scored on, and how files of it are read."""
