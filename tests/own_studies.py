"""Studies of one's own data, searched without Ray: a table whose names are hostile, images, networks of any structure.

`python tests/own_studies.py FOLDER` makes them in a process that computes as a worker does.
"""

import os
import sys
from pathlib import Path

from attempts import Recorder
from own_data import arrays_of, frame_of, npz_of

from search.storage.address import open_storage
from search.study.data import found_in, load
from search.study.settings import Settings
from search.study.space_file import load_space
from search.study.study import IDENTITY, enqueue, open_study
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import Measurement
from search.trials.models import ModelStore
from trainable.data.source import DataSource
from trainable.environment import environment_here
from trainable.precision import FLOAT32
from trainable.problems import problem_of
from trainable.process import prepare_tensorflow
from trainable.training import train

TABLE, IMAGES, WIDE = "table", "images", "wide"  # the studies
FILE = "wi|ne `{name}` <b>.csv"
TARGET = "the | `target`"
COLUMNS = [
    "a|b",
    "`tick`",
    "<b>x</b>",
    "line\nbreak",
    "{features}",
    '"quo\'te"',
    "$x$",
    "*star*",
    "back\\slash",
    "_it_",
]
CLASSES = ["{classes} | <i>", "`\"'", "back\\slash"]
SPACE = """
hidden_units = {type = "int", low = 8, high = 32, log = true, default = 16}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
batch_size = {type = "categorical", choices = [4, 8, 16, 32, 64, 128]}
epochs = {type = "int", low = 6, high = 12, default = 9}
"""
# Of the wide study, whose networks are small; what is not here is as in the network of today.
WIDE_SPACE = """
hidden_units = {type = "int", low = 8, high = 32, default = 16}
hidden_units_2 = {type = "int", low = 8, high = 32}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
sgd_learning_rate = {type = "float", low = 0.01, high = 0.1, log = true}
epochs = {type = "int", low = 6, high = 12, default = 9}
layers = {type = "int", low = 1, high = 2}
activation = {type = "categorical", choices = ["relu", "gelu"]}
optimizer = {type = "categorical", choices = ["rmsprop", "adamw", "sgd"]}
schedule = {type = "categorical", choices = ["constant", "cosine"]}
dropout = {type = "float", low = 0.0, high = 0.2, step = 0.1}
shift = {type = "int", low = 0, high = 1}
"""
AT_MOST = {"parameters": 2000}


def hostile_table(folder):
    """Write ten columns of the wine set, with names that mean something in Markdown, HTML, JSON or Python."""
    frame, classes = frame_of("wine"), arrays_of("wine")["y_train"]
    frame = frame.iloc[:, : len(COLUMNS)].set_axis(COLUMNS, axis=1)
    file = Path(folder) / FILE
    frame.assign(**{TARGET: [CLASSES[each] for each in classes]}).to_csv(file, index=False)
    return file


def source_of(study, folder):
    """Where the data of a study are, in a folder to which they are written."""
    if study == TABLE:
        return DataSource(str(hostile_table(folder)), TARGET)
    return DataSource(str(npz_of("digits", folder)))


def search(study, folder, trials=2):
    """Make a study in `FOLDER/runs` and run its trials, the baseline first; their models are kept."""
    space = folder / "space.toml"
    space.write_text(WIDE_SPACE if study == WIDE else SPACE)
    limits = AT_MOST if study == WIDE else {}
    settings = Settings(
        load_space(space, found_in(source_of(study, folder))), seed=1, sampler="random", pruner="none", at_most=limits
    )
    searched(study, folder, settings, problem_of(settings.problem), load(settings.problem, None), trials=trials)


def searched(study, folder, settings, problem, dataset, *, trials):
    """Make a study with these settings in `FOLDER/runs` and run its trials; their models are kept."""
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    opened = open_study(study, open_storage(f"sqlite:///{runs / 'studies.db'}"), settings)
    enqueue(opened, settings, [])
    models, failures = ModelStore(runs, study), FailureStore(runs, study)
    models.claim(opened.user_attrs[IDENTITY])
    made = Trials(opened, settings, goal=trials, models=models, failures=failures, observer=Recorder(), keep=trials)
    made.take_stock()
    trainer = problem.trainer(dataset, FLOAT32)
    environment = environment_here(1, gpu=False, sources=problem.sources)
    while not made.exhausted:
        asked = made.ask("t")
        made.start("t")
        for epoch in train(trainer, problem.spec.check(asked), asked["seed"]):
            figures = (epoch.number, epoch.val_accuracy, epoch.train_accuracy, epoch.seconds, 1.0, "h", trainer.size)
            measured = Measurement(*figures, environment)
            if not epoch.is_last:
                made.report("t", measured)
        made.keep_model("t", trainer.model_bytes())
        made.finish("t", measured)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    prepare_tensorflow(1, gpu=False)
    for name, number in ((TABLE, 2), (IMAGES, 2), (WIDE, 10)):
        search(name, Path(sys.argv[1]), number)
