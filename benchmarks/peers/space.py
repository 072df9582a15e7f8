"""The project's built-in search space in plain numbers, for tools that have forms of their own for it."""

HIDDEN_UNITS = (128, 2048)  # whole, both included, on a log scale
LEARNING_RATE = (2e-4, 5e-3)  # on a log scale
BATCH_SIZES = (32, 64, 128, 256, 512, 1024)
EPOCHS = (4, 24)  # whole, both included
