"""Errors that this package raises on purpose."""


class DataError(ValueError):
    """The data set cannot be had, or is not the one that it should be."""


class ConfigError(ValueError):
    """A configuration names a value that no network can be trained with."""
