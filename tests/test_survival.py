"""What the command promises where processes die, the database goes away, or trials fail: real kills, real Ray."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import (
    ROOT,
    SMALL_SPACE,
    assert_nothing_left,
    clean_environment,
    family_of,
    run_command,
    start,
    start_untrained,
    study_of,
    victims,
    wait_for_training,
    wait_for_trials,
)
from damaged import TRIALS
from optuna.trial import TrialState

from search.export import selection
from search.study.study import Counts, count, settings_of
from search.surroundings.guard import descendants
from search.trials.models import ModelStore


def test_killed_driver_loses_nothing_and_the_same_command_goes_on(tmp_path, dataset, monkeypatch):
    """After a kill -9 finished trials stay as they are; in the end the count is met and the model keeps its word."""
    space, first = tmp_path / "space.toml", tmp_path / "first.jsonl"
    space.write_text(SMALL_SPACE.replace("high = 3", "high = 30"))
    short = {"hidden_units": 16, "learning_rate": 0.002, "batch_size": 512, "epochs": 1}
    long = {"hidden_units": 8, "learning_rate": 0.001, "batch_size": 512, "epochs": 30}  # has time to be killed
    first.write_text("\n".join(map(json.dumps, (short, short | {"epochs": 2}, long))))
    arguments = ("--trials", 4, "--study", "k", "--runs", tmp_path, "--space", space, "--enqueue", first,
                 "--no-baseline", "--pruner", "none", "--workers", 1)  # fmt: skip
    process = start(*arguments)
    wait_for_trials(process, tmp_path, "k", 2)
    wait_for_training(process, tmp_path, "k")
    family = family_of(process)
    process.kill()
    process.communicate()
    assert_nothing_left(family)
    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    kept = {trial.number: trial for trial in study_of(tmp_path, "k").trials if trial.state in finished}
    assert len(kept) >= 2
    result = run_command("search.run", "--no-confirm", *arguments)
    assert result.returncode == 0, result.stderr
    study = study_of(tmp_path, "k")
    trials = study.trials
    assert count(trials).finished == 4
    assert not [trial for trial in trials if trial.state in (TrialState.RUNNING, TrialState.WAITING)]
    assert {number: trials[number] for number in kept} == kept
    cut_short = [trial for trial in trials if trial.user_attrs.get("failure") == "interrupted"]
    assert cut_short
    drawn = trials[0].params.keys()  # of one that was killed while its parameters were drawn nobody knows the others
    interrupted = {trial.number for trial in cut_short if trial.params.keys() == drawn}
    assert {trial.user_attrs["retry_of"] for trial in trials if "retry_of" in trial.user_attrs} == interrupted
    monkeypatch.setattr(selection, "prepare_tensorflow", lambda *_, **__: None)  # this process has it
    best = selection.select(study, settings_of(study), ModelStore(tmp_path, "k"), "best")
    selection.load_accepted(best, dataset)  # it refuses a model that does not score what the study says


def test_killed_worker_is_replaced_and_its_trial_tried_again(damaged):
    """After kill -9 of a worker one trial is interrupted, and its successor is the second attempt."""
    runs, (stdout, stderr) = damaged
    assert stderr == ""
    assert "raylet" not in stdout
    trials = study_of(runs, "s").trials
    [lost] = [trial for trial in trials if trial.user_attrs.get("failure") == "interrupted: crashed"]
    assert lost.state == TrialState.FAIL
    others = [trial for trial in trials if trial.number != lost.number]
    assert count(trials).finished == len(others) == len(TRIALS)
    again = {trial.user_attrs.get("retry_of"): trial.user_attrs["attempts"] for trial in others}
    assert again == {None: 1, lost.number: 2}
    assert f"trial {lost.number} crashed: its configuration is tried again" in stdout
    complete = [trial for trial in others if trial.state == TrialState.COMPLETE]
    assert complete
    for trial in complete:
        assert list(trial.intermediate_values) == list(range(1, trial.params["epochs"] + 1))


@pytest.mark.thorough
@pytest.mark.parametrize("victim", ["raylet", "gcs_server"])
def test_search_goes_on_in_another_runtime(victim, tmp_path):
    """After kill -9 of Ray's own processes the same command starts Ray again and completes the study."""
    let_go = tmp_path / "let go"
    options = ("--trials", 4, "--study", "r", "--workers", 1, *queued(tmp_path, [8, 8, 14, 8]))
    process = start_untrained(*options, FAILING_LET_GO=str(let_go))
    wait_for_trials(process, tmp_path, "r", 2)
    [pid] = victims(process, victim)
    family = family_of(process)
    os.kill(pid, signal.SIGKILL)
    let_go.touch()
    stdout, _ = process.communicate(timeout=150)
    assert process.returncode == 0
    assert f"Ray's {victim} ended unexpectedly; starting Ray again" in stdout
    assert count(study_of(tmp_path, "r").trials).finished == 4
    assert_nothing_left(family)


@pytest.mark.thorough
def test_second_driver_is_refused_before_ray_starts(tmp_path):
    """It is told who has the study, and changes nothing."""
    let_go = tmp_path / "let go"
    arguments = ("--study", "t", "--workers", 1, *queued(tmp_path, [8, 14, 8]))
    process = start_untrained("--trials", 3, *arguments, FAILING_LET_GO=str(let_go))
    wait_for_trials(process, tmp_path, "t", 1)
    second = run_command("search.run", "--no-confirm", "--trials", 200, *arguments)
    let_go.touch()
    assert second.returncode == 1
    assert second.stderr.startswith(f"error: the study 't' is held by process {process.pid} on ")
    assert len(second.stderr.splitlines()) == 1
    process.communicate(timeout=200)
    assert process.returncode == 0
    assert not [trial for trial in study_of(tmp_path, "t").trials if trial.state == TrialState.FAIL]


def queued(folder, units):
    """Options for trials with these numbers of hidden units, one after the other: what they do `failing.py` says.

    The learning rate tells them apart: a configuration is queued once.
    """
    space, first = folder / "space.toml", folder / "first.jsonl"
    space.write_text(
        'hidden_units = {type = "int", low = 8, high = 14}\nepochs = {type = "int", low = 1, high = 1}\n'
        'learning_rate = {type = "float", low = 1e-3, high = 1e-1}'
    )
    trials = [{"hidden_units": each, "epochs": 1, "learning_rate": rate / 1000} for rate, each in enumerate(units, 1)]
    first.write_text("\n".join(map(json.dumps, trials)))
    return "--runs", folder, "--space", space, "--enqueue", first, "--no-baseline"


def failing(folder, units, *arguments, **environment):
    """Run the command with a trainable that fails in the ways that its numbers of hidden units say."""
    process = start_untrained("--study", "f", *queued(folder, units), *arguments, **environment)
    stdout, stderr = process.communicate(timeout=200)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def test_each_failure_has_its_reason_and_its_story(tmp_path):
    """An error and a divergence fail at once, a crash after its retries; the search goes on all the while."""
    result = failing(tmp_path, [9, 10, 11, 12, 8], "--trials", 5, "--max-retries", 1, "--workers", 1)
    assert result.returncode == 0, result.stderr
    trials = study_of(tmp_path, "f").trials
    reasons = {trial.params["hidden_units"]: trial.user_attrs.get("failure") for trial in trials}
    assert reasons == {
        8: None,
        9: "error: ValueError: the pixels are upside down",
        10: "crashed",
        11: "out of memory",
        12: "diverged at epoch 1",
    }
    assert len(trials) == 6  # the crash was tried twice
    stories = {file.name: file.read_text() for file in (tmp_path / "f" / "failures").iterdir()}
    assert re.search(r'line \d+, in step\n    raise ValueError\("the pixels', stories["trial-00000.txt"])
    assert "Worker exit type: SYSTEM_ERROR" in stories["trial-00005.txt"]
    assert "\x1b" not in "".join(stories.values())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB, mounted for one test."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.thorough  # a command with real workers, 8 s
def test_search_that_only_fails_is_stopped_with_the_reason(tmp_path):
    """Three failures alike and nothing else: a further night of them would help no one, and none of them counts."""
    result = failing(tmp_path, [8], "--trials", 10, "--workers", 1, FAILING_FOLDER=str(tmp_path / "gone"))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        (
            "error: 3 attempts failed alike, and none of them counts: error: FileNotFoundError: [Errno 2] No such "
            f"file or directory: '{tmp_path}/gone/written'; the same command with --study f goes on"
        )
    ]
    trials = study_of(tmp_path, "f").trials
    assert count(trials) == Counts()
    assert [trial.state for trial in trials] == [TrialState.FAIL] * 3 + [TrialState.WAITING] * 3


@pytest.mark.thorough
def test_worker_that_ray_ends_for_want_of_memory_is_called_so(tmp_path):
    """Ray's memory monitor ends workers before the kernel does, and says why; one that is alone is not to blame yet."""
    memory = {"RAY_memory_usage_threshold": "0.001", "RAY_memory_monitor_refresh_ms": "20"}
    result = failing(tmp_path, [8], "--trials", 1, "--max-retries", 0, **memory)
    assert result.returncode == 1
    assert "no trial of this command ended well, and none that failed counts: out of memory" in result.stderr
    lost, again = study_of(tmp_path, "f").trials
    assert lost.user_attrs["failure"] == "interrupted: out of memory"
    assert (again.state, again.user_attrs["retry_of"]) == (TrialState.WAITING, lost.number)


@pytest.mark.thorough  # a command with real workers, 10 s
def test_configuration_that_memory_does_not_hold_is_tried_alone(tmp_path):
    """Beside another one it costs a worker and no attempt; alone it fails, and the worker is back."""
    result = failing(tmp_path, [11, 8], "--trials", 2, "--workers", 2, "--max-retries", 0)
    assert result.returncode == 0, result.stderr
    told = result.stdout.splitlines()
    [taken] = [place for place, line in enumerate(told) if line == "1 worker: memory does not hold 2"]
    back = "2 workers: memory is too small for one configuration, and not for the others"
    assert back in told[taken:]
    first, other, alone = study_of(tmp_path, "f").trials
    assert first.user_attrs["failure"] == "interrupted: out of memory"
    assert other.state == TrialState.COMPLETE
    assert (alone.user_attrs["failure"], alone.user_attrs["retry_of"]) == ("out of memory", first.number)


@pytest.mark.thorough  # two commands with real workers, 8 s each
def test_full_temporary_folder_uses_up_no_trial(small_disk, tmp_path):
    """One line names cause and remedy, and the same command has all its trials to do once there is room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(5 * 2**19))
    options = ("--trials", 1, "--max-retries", 0, "--workers", 1)
    full = failing(tmp_path, [8], *options, FAILING_FOLDER=str(small_disk))
    assert full.returncode == 1
    assert full.stderr.splitlines() == [
        (
            "error: 3 attempts failed alike, and none of them counts: the disk is full: OSError: [Errno 28] "
            "No space left on device; make room there; temporary files go where TMPDIR says, a path of at most 19 "
            "bytes; the same command with --study f goes on"
        )
    ]
    assert count(study_of(tmp_path, "f").trials) == Counts()
    ballast.unlink()
    again = failing(tmp_path, [8], *options, FAILING_FOLDER=str(small_disk))
    assert again.returncode == 0, again.stderr
    assert count(study_of(tmp_path, "f").trials) == Counts(complete=1)


@pytest.mark.thorough
def test_full_disk_stops_the_search_which_goes_on_once_there_is_room(small_disk, tmp_path):
    """One line says so; what was recorded stays, and the same command completes the study."""
    let_go = tmp_path / "let go"
    options = ("--trials", 4, "--study", "d", "--workers", 1, *queued(tmp_path, [8, 8, 14, 8]))
    arguments = (*options, "--runs", small_disk)
    process = start_untrained(*arguments, FAILING_LET_GO=str(let_go))
    wait_for_trials(process, small_disk, "d", 2)
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"." * 4096)
    let_go.touch()
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1, stdout
    assert len(stderr.splitlines()) == 1
    assert re.search("database or disk is full|No space left on device", stderr)
    assert stderr.endswith("; the same command with --study d goes on\n")
    ballast.unlink()
    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    kept = {trial.number: trial for trial in study_of(small_disk, "d").trials if trial.state in finished}
    assert len(kept) >= 2
    again = start_untrained(*arguments, FAILING_LET_GO=str(let_go))
    _, stderr = again.communicate(timeout=100)
    assert again.returncode == 0, stderr
    trials = study_of(small_disk, "d").trials
    assert count(trials).finished == 4
    assert {number: trials[number] for number in kept} == kept


def test_nothing_is_unpickled_by_the_export_or_the_dashboard(finished, tmp_path):
    """A pickle can run anything, so neither command loads a class or a function by one."""
    script = (
        "import sys\n"
        "from search.export.__main__ import main\n"
        "from pathlib import Path\n"
        "from dashboard.model.kept import kept_models, network_of\n"
        "from dashboard.source import Source\n"
        "import tensorflow, keras\n"
        "found = []\n"
        "sys.addaudithook(lambda event, given: found.append(given) if event == 'pickle.find_class' else None)\n"
        f"study = Source({finished.storage!r}, Path({str(finished.runs)!r})).view('s').study\n"
        "shapes = [network_of(each).weights[0].shape for each in kept_models(study)]\n"
        f"status = main(['--study', 's', '--runs', {str(finished.runs)!r}, '--output', {str(tmp_path / 'out')!r}])\n"
        "print(status, len(shapes), found)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"0 [1-9] \[\]", result.stdout.splitlines()[-1])


@pytest.mark.thorough
def test_password_is_in_nothing_that_a_run_leaves_behind(postgres, tmp_path):
    """Not in output, logs, pickles, files of Ray, titles or environments of processes, however much is shown.

    A child that has not become its program yet is a copy of the driver, with all that it was given, and gone at the
    next look: only what is seen twice counts.
    """
    place = Path(tempfile.mkdtemp(dir="/tmp"))  # a path that is short enough for Ray
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE)
    url = postgres.create_database("secret")
    [hidden] = re.findall(r"searcher:(.*)@127", url)
    process = subprocess.Popen(
        [sys.executable, "-m", "search.run", "--no-confirm", "--trials", "2", "--study", "p", "--runs", tmp_path,
         "--space", space, "--no-baseline", "--workers", "1", "--json", "--verbose"],
        env=clean_environment() | {"SEARCH_STORAGE": url, "PGPASSWORD": postgres.password, "TMPDIR": str(place)},
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    needles, files, suspects = (postgres.password, hidden), dict[Path, str](), dict[int, str]()
    with ThreadPoolExecutor() as pool:
        output = pool.submit(process.communicate)
        while not output.done():
            before, suspects = suspects, dict[int, str]()
            for pid in descendants(process.pid):
                said = "".join(_read(Path(f"/proc/{pid}/{name}")) for name in ("cmdline", "environ"))
                if any(needle in said for needle in needles):
                    suspects[pid] = said
            assert not before.keys() & suspects.keys(), suspects
            files |= {file: _read(file) for file in place.rglob("*") if file.is_file()}
            time.sleep(0.2)
        texts = output.result()
    assert process.returncode == 0, texts[1]
    assert json.loads(texts[0])["storage"].startswith("postgresql+psycopg://searcher:***@127.0.0.1:")
    assert len(files) > 10
    assert list(place.iterdir()) == []
    place.rmdir()
    files |= {file: _read(file) for file in tmp_path.rglob("*") if file.is_file()}
    for text in (*texts, *files.values()):
        assert not [needle for needle in needles if needle in text]


def _read(file):
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""  # it went meanwhile


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_ray_starts_ends_the_command_within_ten_seconds(number, tmp_path):
    """There is nothing to wait for yet, and nothing of Ray stays."""
    process = start("--trials", 500, "--study", "i", "--runs", tmp_path)
    while not victims(process, "raylet"):
        assert process.poll() is None
        time.sleep(0.05)
    family, asked = family_of(process), time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert process.returncode == 128 + number
    assert f"{number.name}: stopped" in stdout
    assert stderr == ""
    assert_nothing_left(family)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.thorough)]
)
def test_signal_prints_the_best_so_far_and_exits_in_order(number, status, tmp_path):
    """Ctrl-C and SIGTERM: the answer so far, the right exit status, nothing left running, within ten seconds."""
    process = start_untrained("--trials", 500, "--study", "i", "--json", *queued(tmp_path, [8, 14, 14]))
    wait_for_trials(process, tmp_path, "i", 1)
    family, asked = family_of(process), time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert process.returncode == status
    assert f"{number.name}: stopped; the same command with --study i goes on" in stderr
    assert json.loads(stdout)["best"]["val_accuracy"] > 0.1
    assert "Traceback" not in stderr
    assert "SIGTERM received" not in stderr  # Ray's own handler prints like a crash
    assert_nothing_left(family)
    assert not [trial for trial in study_of(tmp_path, "i").trials if trial.state == TrialState.RUNNING]


@pytest.mark.thorough  # a whole search: each variable is read by another process of Ray's or of its workers
def test_variables_and_files_of_other_projects_change_no_search(tmp_path, monkeypatch):
    """Ray starts, Keras computes in float32 with TensorFlow, and the other project's settings stay as they were."""
    space, settings = tmp_path / "space.toml", tmp_path / "keras" / "keras.json"
    space.write_text(SMALL_SPACE)
    settings.parent.mkdir()
    settings.write_text('{"backend": "torch", "floatx": "float16"}')
    foreign = {
        "RAY_ADDRESS": "192.0.2.1:6379",
        "RAY_RUNTIME_ENV_HOOK": "another.hook",
        "RAY_memory_monitor_refresh_ms": "often",
        "TUNE_RESULT_BUFFER_LENGTH": "100",
        "GRPC_TRACE": "all",
        "KERAS_HOME": str(settings.parent),
        "KERAS_BACKEND": "torch",
        "XLA_FLAGS": "--nonsense",
        "MPLBACKEND": "module://of.an.editor",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp",
        "NUMPY_MADVISE_HUGEPAGE": "often",
        "SSLKEYLOGFILE": str(tmp_path / "missing" / "keys"),
        "http_proxy": "http://127.0.0.1:9",
        "grpc_proxy": "http://127.0.0.1:9",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    arguments = ("--trials", 2, "--workers", 1, "--study", "v", "--runs", tmp_path, "--space", space)
    result = run_command("search.run", *arguments, "--no-baseline", "--no-confirm")
    assert (result.returncode, result.stderr) == (0, "")
    [best, *_] = sorted((tmp_path / "v" / "models").glob("*.keras"))
    with zipfile.ZipFile(best) as archive:
        config = archive.read("config.json").decode()
    assert "float32" in config
    assert "float16" not in config
    assert settings.read_text() == '{"backend": "torch", "floatx": "float16"}'
