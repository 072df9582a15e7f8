"""What the samplers and pruners on offer are called, the default first: without Optuna, whose import takes its time."""

SAMPLER_NAMES = ("tpe", "random", "qmc", "grid", "cmaes")
PRUNER_NAMES = ("asha", "hyperband", "median", "none")
DEFAULT_SAMPLER, DEFAULT_PRUNER = SAMPLER_NAMES[0], PRUNER_NAMES[0]
