from types import SimpleNamespace
from trainable.problem import LONGEST_SHOWN, MAX_SEED
from trainable.problems import BUILT_IN

BASELINE = SimpleNamespace(params=dict(BUILT_IN.baseline), epochs=5)
PARAMETERS = BUILT_IN.names
LARGEST = {}


class Configuration:
    of = staticmethod(BUILT_IN.check)
