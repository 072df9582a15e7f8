"""Search the parameters of the MNIST network: an Optuna study decides, Ray Tune executes."""
