"""Anyone's Keras model as a problem: a person's file, its space and baseline, and what trains the models it builds."""

KIND = "keras"
OPEN = "hyperparameters"  # the form of a file whose parameters come up while it builds
