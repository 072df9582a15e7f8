"""The page on which searches are started and stopped."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import control
from dashboard.options import Options
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.errors import SearchError, UsageError
from search.storage.address import open_storage
from search.storage.lease import LEASES, Holder, Lease
from search.surroundings.guard import start_of

OPTIONS = Options("sqlite:///none.db", Path(), Path(), None, allow_control=True)


def labels(page):
    """What the buttons say."""
    return [each.label for each in page.main.button]


def command(page):
    """The last command that the page shows."""
    return page.code[-1].value


def paths(page):
    """The pages that there are."""
    return {each["url_pathname"] for each in page._registered_pages.values()}


def test_page_is_absent_unless_it_is_allowed(make_study, open_page):
    """Looking is what a dashboard does by itself."""
    make_study()
    assert "control" not in paths(open_page())
    assert "control" in paths(open_page("overview", "--allow-control"))


def test_page_refuses_where_it_is_not_allowed():
    """Also where it is shown though it is not among the pages."""

    def script():
        from pathlib import Path

        from dashboard.options import Options
        from dashboard.screens import control
        from dashboard.site import Site
        from dashboard.source import Source

        options = Options("sqlite:///none.db", Path(), Path(), None, allow_control=False)
        site = Site(options, Source(options.storage, options.runs), "s")
        control.show(site)
        control.show_first(site)

    page = AppTest.from_function(script).run()
    assert [each.value for each in page.error] == [
        "This dashboard looks only; it was started without `--allow-control`."
    ]
    assert not page.button
    assert not page.text_input


def test_form_says_the_command_that_it_runs(make_study, open_page, tmp_path):
    """Everything that is chosen is in it; what is not chosen is left to the command."""
    make_study()
    page = open_page("control", "--allow-control", "--runs", tmp_path / "r")
    assert command(page).startswith("python -m search.run --trials 50 --storage")
    page.text_input[0].input("another")
    page.number_input[1].set_value(2)
    page.main.selectbox[0].select("random")
    page.checkbox[1].uncheck()
    page.run()
    assert command(page).startswith(
        "python -m search.run --study another --trials 50 --workers 2 --sampler random --no-confirm --storage"
    )
    assert command(page).endswith(f"--runs {tmp_path / 'r'}")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(0, "a b", "--study: must be 1 to 100 letters"), (1, "/nowhere.toml", "--space /nowhere.toml: No such file")],
)
def test_wrong_values_cannot_be_started(field, value, message, make_study, open_page):
    """The command's own line is shown, and there is no button."""
    make_study()
    page = open_page("control", "--allow-control")
    page.text_input[field].input(value).run()
    assert page.error[0].value.startswith(message)
    assert "Start the search" not in labels(page)


def test_search_that_ends_early_is_said_with_its_reason(make_study, open_page, tmp_path):
    """A real process, whose log says what its command found wrong."""
    make_study()
    page = open_page("control", "--allow-control", "--runs", tmp_path / "r")
    page.text_input[0].input("early")
    page.number_input[0].set_value(99_999_999)
    page.main.selectbox[0].select("grid")
    page.run()
    next(each for each in page.main.button if each.label == "Start the search").click().run()
    [launch] = [each for each in control._launches.values() if each.study == "early"]
    assert launch.process.wait(60) == 2
    page.run()
    [error] = page.error
    assert error.value.startswith("The search ended with status 2: --trials 99999999: the grid of this space has")
    assert "Log of early" in [each.value for each in page.subheader]


def test_first_search_can_be_started_where_there_is_none(open_page):
    """Where nothing can be shown yet, the form is what a person wants; only where it is allowed."""
    assert "Start the search" in labels(open_page("overview", "--allow-control"))
    assert labels(open_page()) == []


def test_interrupted_study_can_be_resumed(make_study, open_page):
    """The command that goes on is shown before it is run."""
    make_study().set_user_attr(GOAL, Goal(50, None, 2).to_json())
    page = open_page("control", "--allow-control")
    assert "Resume the search" in labels(page)
    assert page.code[0].value.startswith("python -m search.run --study s --trials 50 --workers 2 --no-confirm")


def test_finished_study_offers_neither_stop_nor_resume(make_study, open_page):
    """It has what was wanted of it."""
    make_study().set_user_attr(GOAL, Goal(1, None, 2).to_json())
    assert labels(open_page("control", "--allow-control")) == ["Start the search"]


@pytest.fixture
def hold(url, make_study):
    """A function that makes a study which a process has, as this one would have it."""
    engine = open_storage(make_study() and url).engine
    LEASES.create(engine, checkfirst=True)

    def held(**values):
        holder = replace(Holder.this_process(), **values, renewed=2**40)
        with engine.begin() as connection:
            connection.execute(LEASES.insert().values(vars(holder) | {"study_name": "s"}))

    return held


def test_search_on_another_machine_is_stopped_there(hold, open_page):
    """The page says where, and by which command."""
    hold(host="another-host", machine="another", pid=42)
    page = open_page("control", "--allow-control")
    assert "It runs on another machine. Interrupt it there, on another-host: kill -INT 42" in [
        each.value for each in page.text
    ]
    assert labels(page) == ["Start the search"]


def test_search_in_another_program_is_left_alone(url, make_study, open_page):
    """The page interrupts what it knows: searches by their command."""
    make_study()
    with Lease(open_storage(url), "s"):
        page = open_page("control", "--allow-control")
    assert "driven by another program" in page.text[1].value
    assert labels(page) == ["Start the search"]


@pytest.fixture
def sleeping():
    """A function that starts a process that does as little as a search which starts."""
    processes = []

    def begin():
        obey = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)"  # as a shell's background does not
        code = f"{obey}; import time; print(flush=True); time.sleep(60)  # search.run"
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate(timeout=20)


def stop_button(page):
    """The button that stops a search."""
    return next(each for each in page.main.button if each.label == "Yes, stop it now")


def test_search_is_interrupted_once(hold, sleeping, open_page):
    """The button sends the signal to the process that has the study, and then says that it was sent."""
    search = sleeping()
    hold(pid=search.pid, process=start_of(search.pid))
    stop_button(open_page("control", "--allow-control")).click().run()
    search.communicate(timeout=20)
    assert search.returncode == -2


@pytest.fixture
def launched(url, tmp_path, sleeping, monkeypatch):
    """A function that opens the page as somebody sees it who has started a search of this study."""
    monkeypatch.setattr(control, "_launches", {})
    monkeypatch.setattr(control, "_interrupted", set())

    def start(page, study, log=""):
        (tmp_path / "log").write_text(log)
        launch = control.Launch(study, "the command", tmp_path / "log", sleeping())
        control._launches[url, study] = launch
        page.session_state["control_started"] = ("s", study)
        return page.run(), launch

    return start


def infos(page):
    """What the page says calmly."""
    return [each.value for each in page.info]


def test_search_that_starts_is_shown_before_its_study_is_there(make_study, open_page, launched):
    """It stands first, with its Stop; what the chosen study offers is not in its way."""
    make_study().set_user_attr(GOAL, Goal(50, None, 2).to_json())
    page, _ = launched(open_page("control", "--allow-control"), "new")
    assert page.subheader[0].value == "new"
    assert infos(page)[0].startswith("The search is starting.")
    assert "Resume the search" not in labels(page)
    assert "Yes, stop it now" in labels(page)
    assert any("The program is starting." in each.value for each in page.caption)
    assert "nothing yet" not in [each.value for each in page.code]


def test_search_that_starts_can_be_stopped(make_study, open_page, launched):
    """Once: a second signal would end it before it has put anything in order."""
    make_study()
    page, launch = launched(open_page("control", "--allow-control"), "new")
    page = stop_button(page).click().run()
    launch.process.wait(timeout=20)
    page.run()
    assert [each.value for each in page.warning] == ["The search was interrupted."]
    with pytest.raises(SearchError, match="has ended already"):
        control.stop_launch(OPTIONS, launch)
    with pytest.raises(UsageError, match="looks only"):
        control.stop_launch(replace(OPTIONS, allow_control=False), launch)


def test_search_is_not_interrupted_twice_while_it_starts(sleeping, tmp_path, monkeypatch):
    """Also where it has its lease by then."""
    monkeypatch.setattr(control, "_interrupted", set())
    launch = control.Launch("new", "", tmp_path, sleeping())
    control._interrupted.add(control._process_of(launch))
    with pytest.raises(SearchError, match="interrupted already"):
        control.stop_launch(OPTIONS, launch)
    holder = replace(Holder.this_process(), pid=launch.process.pid, process=start_of(launch.process.pid))
    assert control.is_stopping(holder)
    assert launch.exit_status is None


def test_study_of_a_search_that_was_started_is_led_to(make_study, open_page, launched):
    """As soon as the storage has it; what the search printed last is shown."""
    make_study()
    make_study("new")
    page, _ = launched(open_page("control", "--allow-control", study="s"), "new", "begun\n")
    assert "begun" in [each.value for each in page.code]
    assert any(each.proto.label == "Overview of new" for each in page.get("page_link"))
    page.session_state["study"] = "new"
    page.run()
    assert [each.value for each in page.subheader][:2] == ["new", "Log of new"]


def test_first_search_that_starts_is_shown(open_page, launched, url, tmp_path):
    """Where there is no storage yet."""
    page, _ = launched(open_page("overview", "--allow-control"), "new", "begun\n")
    page.session_state["control_started"] = ("", "new")
    page.run()
    assert "begun" in [each.value for each in page.code]
    assert "Start the search" not in labels(page)
    assert "Yes, stop it now" in labels(page)
