"""What all commands share with a person: arguments, streams, signals, words."""
