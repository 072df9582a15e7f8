"""The fast network: one hidden layer, trained in one graph an epoch."""
