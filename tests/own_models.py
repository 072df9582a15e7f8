"""Problems of a person's own model as values: parameters of any kind, and conditions; no model is built."""

from dataclasses import replace

from trainable.model_file import KIND, OPEN
from trainable.parameter import Parameter
from trainable.problems import BUILT_IN

TABLES = {
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "when": {"optimizer": ["sgd"]}, "default": 0.5},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"], "default": "adam"},
    "nesterov": {"type": "categorical", "choices": [False, True], "when": {"momentum": [0.9, 0.5]}, "default": True},
    "units": {"type": "int", "low": 16, "high": 64, "step": 16, "default": 32},
    "rate": {"type": "categorical", "choices": ["none", 0.25, True], "default": "none"},
    "batch_size": {"type": "categorical", "choices": [32, 64], "default": 32},
    "epochs": {"type": "int", "low": 2, "high": 6, "default": 4},
}
BASELINE = {"optimizer": "adam", "units": 32, "rate": "none", "batch_size": 32, "epochs": 4}


def problem(tables=None, baseline=None, form="function", names=()):
    """The problem of a file whose function takes these parameters, and others of these names."""
    tables = TABLES if tables is None else tables
    baseline = BASELINE if baseline is None else baseline
    reserved = [each for each in BUILT_IN.parameters if each.name in ("batch_size", "epochs")]
    own = [each for each in dict.fromkeys([*baseline, *tables, *names]) if each not in ("batch_size", "epochs")]
    words = replace(BUILT_IN.words, baseline="today's model", units="today's model", layers="a model")
    return replace(
        BUILT_IN,
        kind=KIND,
        parameters=(*(Parameter(name, "any", -1e300, 1e300, "of the model") for name in own), *reserved),
        space=tables,
        baseline=baseline,
        reference=None,
        words=words,
        code={"name": "model.py", "location": "model.py", "function": "", "form": form, "sha256": "0" * 64},
    )


OPEN_PROBLEM = problem(form=OPEN)
