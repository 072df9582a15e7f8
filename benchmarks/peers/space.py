"""The project's built-in search space in plain numbers, for tools that have forms of their own for it."""

HIDDEN_UNITS = (32, 2048)  # whole, both included, on a log scale
LEARNING_RATE = (1e-4, 1e-2)  # on a log scale
BATCH_SIZES = (32, 64, 128, 256, 512, 1024)
EPOCHS = (2, 20)  # whole, both included
