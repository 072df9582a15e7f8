"""Data for two_inputs.py: scikit-learn's digits, the upper half as images of bytes, the lower half in four sums."""

import numpy as np
from sklearn.datasets import load_digits

HELD_OUT = 400


def load():
    digits = load_digits()
    images = (digits.images * 15.9375).astype(np.uint8)
    lower = digits.images[:, 4:].reshape(-1, 4, 8)
    x = {"image": images[:, :4], "numbers": (lower.sum(axis=2) / 128).astype(np.float32)}
    y = digits.target.astype(np.int64)
    return {
        "x_train": {name: each[:-HELD_OUT] for name, each in x.items()},
        "y_train": y[:-HELD_OUT],
        "x_test": {name: each[-HELD_OUT:] for name, each in x.items()},
        "y_test": y[-HELD_OUT:],
    }
