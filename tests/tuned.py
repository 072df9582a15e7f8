"""KerasTuner's own class beside ours: each call goes to both, and has to give the same."""

from contextlib import ExitStack, contextmanager

from trainable.model_file.hyperparameters import HyperParameters


def both_of(keras_tuner):
    """A class that stands in for ours, and the spaces that KerasTuner's has recorded, one per object."""
    recorded = []

    class Both(HyperParameters):
        def __init__(self, given=None, definitions=None):
            super().__init__(given, definitions)
            self.theirs = keras_tuner.HyperParameters()
            recorded.append(self.theirs)

        def _value(self, name, table, parent_name, parent_values):
            before = set(self._active)
            value = super()._value(name, table, parent_name, parent_values)
            full = self._full(name)
            new = [key for key in self._active if key not in before]
            if any(key in self._given for key in new):
                self.theirs.values[full] = value
            return value

        @contextmanager
        def name_scope(self, name):
            with ExitStack() as stack:
                stack.enter_context(super().name_scope(name))
                stack.enter_context(self.theirs.name_scope(name))
                yield

        @contextmanager
        def conditional_scope(self, parent_name, parent_values):
            with ExitStack() as stack:
                stack.enter_context(super().conditional_scope(parent_name, parent_values))
                if not self._by_argument:
                    stack.enter_context(self.theirs.conditional_scope(parent_name, parent_values))
                yield

        _by_argument = False

    def doubled(kind):
        ours = getattr(HyperParameters, kind)

        def call(self, *args, **kwargs):
            self._by_argument = kwargs.get("parent_name") is not None
            value = ours(self, *args, **kwargs)
            self._by_argument = False
            theirs = getattr(self.theirs, kind)(*args, **kwargs)
            assert (theirs is None) == (value is None)
            assert theirs == value
            assert self.theirs.values == self.values
            return value

        return call

    for kind in ("Int", "Float", "Choice", "Boolean", "Fixed"):
        setattr(Both, kind, doubled(kind))
    return Both, recorded


def table_of(recorded):
    """The table that a hyperparameter which KerasTuner has recorded should be, and its conditions."""
    kind, config = type(recorded).__name__, recorded.get_config()
    step, sampling = config.get("step"), config.get("sampling")
    if kind in ("Choice", "Fixed"):
        table = {"type": "categorical", "choices": list(recorded.values)}
    elif kind == "Boolean":
        table = {"type": "categorical", "choices": sorted(recorded.values)}
    elif step is not None and sampling != "linear":
        table = {"type": "categorical", "choices": [float(f"{each:.12g}") for each in recorded.values]}
    else:
        low, high = config["min_value"], config["max_value"]
        table = {"type": kind.lower(), "low": low, "high": high, "log": sampling == "log"}
        if step not in (None, 1):
            table |= {"high": float(f"{low + step * int((high - low) / step + 1e-9):.12g}")}
            table |= {"step": step} if table["high"] > low else {}
    table["default"] = recorded.default
    return table, {each.name: each.values for each in recorded.conditions}
