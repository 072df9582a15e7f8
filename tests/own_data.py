"""Data of one's own: scikit-learn's small sets as the files that a person would bring."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

TARGETS = {"digits": "digit", "wine": "cultivar", "breast_cancer": "diagnosis"}  # the column of labels in their tables


def loaded(name):
    """One of scikit-learn's sets: data, target and the names of both."""
    return {"digits": datasets.load_digits, "wine": datasets.load_wine, "breast_cancer": datasets.load_breast_cancer}[
        name
    ]()


def arrays_of(name):
    """The set as arrays: digits are uint8 images [1797, 8, 8] from 0 to 240, the others float64 [n, features]."""
    found = loaded(name)
    x = (found.images * 15).astype(np.uint8) if name == "digits" else found.data
    return {"x_train": x, "y_train": found.target}


def frame_of(name):
    """The set as a table: a column a feature, then the target as words (digits: as numbers)."""
    found = loaded(name)
    frame = pd.DataFrame(found.data, columns=found.feature_names)
    frame[TARGETS[name]] = found.target if name == "digits" else found.target_names[found.target]
    return frame


def npz_of(name, folder):
    """Write the set with x_train and y_train only, so that the other splits are drawn from it; return the file."""
    file = Path(folder) / f"{name}.npz"
    np.savez(file, **arrays_of(name))
    return file


def csv_of(name, folder):
    """Write the set as a table, whose column of labels is `TARGETS[name]`; return the file."""
    file = Path(folder) / f"{name}.csv"
    frame_of(name).to_csv(file, index=False)
    return file
