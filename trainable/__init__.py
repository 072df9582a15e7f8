"""Train one network: data, model, engine, evaluation, and the Ray Tune trainable around them."""
