"""The curve that a network of any configuration would have, seed noise included, fitted to a table of trained ones.

Of each table's curve the logarithm of the error counts. Its few principal components, and the seconds of an epoch, are
Gaussian processes over width, learning rate and batch size, each on a logarithmic scale. The noise of a seed is what
two seeds of a configuration of the table nearby differed by: it belongs to a whole curve, as in a real one.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from benchmarks.table import Row

COMPONENTS = 4  # of the curves
NEIGHBOURS = 8  # configurations of the table from which a seed's noise is drawn
PARAMETERS = ("hidden_units", "learning_rate", "batch_size")
LEAST_ERROR = 1e-4  # one of the validation images

Curve = NDArray[np.float64]
"""A number for each epoch, from the first on."""


@dataclass(frozen=True)
class Surrogate:
    """What there is to know of every configuration of the built-in space.

    Attributes:
        scale: Where the table's configurations begin in each parameter, and how far they reach, as logarithms [2, 3].
        places: Of the table's configurations on that scale [n, 3].
        curves: Predicts the components of a curve of log errors.
        mean: Of the log errors [epochs].
        components: Principal components of the log errors [components, epochs].
        times: Predicts the logarithm of an epoch's time, as a multiple of the baseline's.
        differences: Of the log errors of two seeds of each configuration, as one seed's deviation [n, pairs, epochs].
    """

    scale: NDArray[np.float64]
    places: NDArray[np.float64]
    curves: Sequence[GaussianProcessRegressor]
    mean: Curve
    components: NDArray[np.float64]
    times: GaussianProcessRegressor
    differences: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """Fit it to a table of which every configuration has the same number of seeds, two at least."""
        logs = np.log([[row.params[name] for name in PARAMETERS] for row in rows])
        scale = np.stack([logs.min(axis=0), np.ptp(logs, axis=0)])
        places = (logs - scale[0]) / scale[1]
        errors = np.log(np.maximum(LEAST_ERROR, 1 - np.array([row.accuracies for row in rows])))
        mean = errors.mean(axis=0)
        components = np.linalg.svd(errors - mean, full_matrices=False)[2][:COMPONENTS]
        seeds = len({row.seed for row in rows})
        by_configuration = errors.reshape(-1, seeds, errors.shape[1])
        times = [math.log(float(np.median(row.seconds)) / row.unit) for row in rows]
        return cls(
            scale=scale,
            places=places[::seeds],
            curves=[_fitted(places, (errors - mean) @ component) for component in components],
            mean=mean,
            components=components,
            times=_fitted(places, np.array(times)),
            differences=np.diff(by_configuration, axis=1) / math.sqrt(2),
        )

    @property
    def epochs(self) -> int:
        """The most that a configuration may have."""
        return len(self.mean)

    def curve(self, params: Mapping[str, Any]) -> Curve:
        """Return the accuracies of a typical seed after each epoch, shares."""
        curve: Curve = 1 - np.exp(self._log_errors(self._place(params)))
        return curve

    def drawn(self, params: Mapping[str, Any], random: np.random.Generator) -> Curve:
        """Return the accuracies of a seed."""
        place = self._place(params)
        near = np.argsort(((self.places - place) ** 2).sum(axis=1))[:NEIGHBOURS]
        pairs = self.differences[random.choice(near)]
        noise = random.choice((-1, 1)) * pairs[random.integers(len(pairs))]
        curve: Curve = 1 - np.exp(self._log_errors(place) + noise)
        return curve

    def seconds(self, params: Mapping[str, Any]) -> float:
        """Return the time of an epoch, as a multiple of the baseline's."""
        return float(np.exp(self.times.predict(self._place(params)[np.newaxis])[0]))

    def _place(self, params: Mapping[str, Any]) -> NDArray[np.float64]:
        logs = np.log([params[name] for name in PARAMETERS])
        place: NDArray[np.float64] = (logs - self.scale[0]) / self.scale[1]
        return place

    def _log_errors(self, place: NDArray[np.float64]) -> Curve:
        values = [float(each.predict(place[np.newaxis])[0]) for each in self.curves]
        return self.mean + np.array(values) @ self.components


def _fitted(places: NDArray[np.float64], values: NDArray[np.float64]) -> GaussianProcessRegressor:
    """Return a process over the table's places, whose own noise is that of seeds."""
    kernel = ConstantKernel() * Matern(length_scale=[1.0] * places.shape[1], nu=2.5) + WhiteKernel(0.1)
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of a component that is nothing but the noise of seeds
        return process.fit(places, values)
