"""The built-in problem: MNIST, its sizes, its figures, where it comes from."""
