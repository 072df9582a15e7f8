"""Small networks for tests: what `Trainer.start` takes."""


def network(hidden_units, learning_rate, batch_size, epochs, seed=0):
    """Return the parameters and the seed of a network."""
    params = {
        "hidden_units": hidden_units,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "epochs": epochs,
    }
    return params, seed
