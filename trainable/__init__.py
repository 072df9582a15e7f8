"""Train one MNIST network: data, model, engine, evaluation, and the Ray Tune trainable around them."""
