"""The keys of what a worker is told and of what it reports, each declared once."""

# Beside a configuration's parameters.
SEED = "seed"
KEEP_FROM = "keep_from"  # the val_accuracy from which on the finished model is handed back
AT_MOST = "at_most"  # by name, limits of a network whose sizes are known once it is built
ALL_DATA = "all_data"  # train on the validation split, too, and hand back the model; val_accuracy is then NaN
BESIDE = (SEED, KEEP_FROM, AT_MOST, ALL_DATA)

# Of a result, besides Tune's own; a study's trials and networks record most of them under the same names.
EPOCH = "epoch"  # 1-based; 0 where nothing was trained, since no model could be built
TRAIN_LOSS = "train_loss"  # mean over the epoch; for other Tuners, the study does not record it
TRAIN_ACCURACY = "train_accuracy"
VAL_ACCURACY = "val_accuracy"
SECONDS = "seconds"  # of this epoch, validation included; in a study of all epochs
SAMPLES_PER_SECOND = "samples_per_second"
PARAMETERS_COUNT = "parameters_count"
HOST = "host"
ENVIRONMENT = "environment"  # JSON of what the numbers depend on, see `trainable.environment`; Tune flattens mappings
APPEARED = "appeared"  # JSON of the tables of parameters that the network met first, where it did
FAILURE = "failure"  # the reason, where the trial failed by its own fault
MODEL = "model"  # bytes of a .keras file, with the last epoch, where `KEEP_FROM` or `ALL_DATA` asks for it
