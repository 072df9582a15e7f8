"""Storages behind a pooler, PgBouncer's, as providers of databases run it, and beside variables of other programs."""

import uuid

import optuna
import pytest
import sqlalchemy as sa
from commands import SMALL_SPACE, run_command
from postgres import Pooler, pooler_binary

from search.errors import SearchError
from search.storage.address import open_read_only, open_storage, parse_url, shown
from search.storage.lease import Lease, holder_of
from search.study.settings import Settings
from search.study.study import count, open_study

OTHERS = {
    "PGOPTIONS": "-c search_path=other -c default_transaction_read_only=on",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGDATESTYLE": "German",
    "PGTZ": "Asia/Tokyo",
    "PGCLIENTENCODING": "LATIN1",
}


@pytest.fixture(params=["session", "transaction"])
def pooled(request, postgres):
    """The URL of an empty database through a pooler that has few connections to it, and the pooler's mode."""
    if pooler_binary() is None:
        pytest.skip("needs pgbouncer (Debian: apt-get install pgbouncer)")
    url = postgres.create_database(f"test_{uuid.uuid4().hex}")
    with Pooler(postgres, request.param) as pooler:
        yield pooler.url(url), request.param


def test_driver_writes_and_others_read_through_a_pooler(pooled):
    """A lease, trials and a reader, in both modes; in transaction mode all share two connections to the server."""
    url, _ = pooled
    storage = open_storage(url)
    with Lease(storage, "s"):
        study = open_study("s", storage, Settings(seed=1))
        for number in range(12):  # psycopg 3 by itself would prepare what it has said five times
            trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
            trial.report(0.5, 1)
            study.tell(trial, number / 12)
        reader = open_read_only(url)
        assert holder_of(reader.engine, "s") is not None
        assert len(optuna.load_study(study_name="s", storage=reader).trials) == 12
        with pytest.raises(sa.exc.DBAPIError, match="read-only transaction"), reader.engine.connect() as connection:
            connection.execute(sa.text("DELETE FROM studies"))
        reader.engine.dispose()
    storage.engine.dispose()
    other = open_storage(url)  # nothing of the reader stays with the connection
    optuna.load_study(study_name="s", storage=other).set_user_attr("written", value=True)
    other.engine.dispose()


@pytest.mark.thorough  # a whole search, with Ray
def test_search_runs_through_a_pooler_of_transactions(postgres, tmp_path):
    """Driver, lease, display and report use several connections; it ends with status 0 and has its trials."""
    if pooler_binary() is None:
        pytest.skip("needs pgbouncer (Debian: apt-get install pgbouncer)")
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE)
    url = postgres.create_database(f"test_{uuid.uuid4().hex}")
    with Pooler(postgres, "transaction") as pooler:
        options = ("--no-baseline", "--no-confirm", "--workers", 1)
        arguments = ("--study", "s", "--runs", tmp_path / "runs", "--space", space, *options)
        result = run_command("search.run", "--storage", pooler.url(url), "--trials", 3, *arguments, timeout=300)
        assert result.returncode == 0, result.stderr
        reader = open_read_only(pooler.url(url))
        assert count(optuna.load_study(study_name="s", storage=reader).trials).finished == 3
        reader.engine.dispose()


def test_what_other_programs_set_for_libpq_does_not_matter(postgres, monkeypatch):
    """Options, an address, a port, an encoding or a style of dates beside a URL that names its host."""
    url = postgres.create_database(f"test_{uuid.uuid4().hex}")
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    storage = open_storage(url)
    study = open_study("ünï", storage, Settings(seed=1))
    study.tell(study.ask(), 0.5)
    reader = open_read_only(url)
    [trial] = optuna.load_study(study_name="ünï", storage=reader).trials
    assert trial.datetime_complete >= trial.datetime_start
    for each in (storage, reader):
        each.engine.dispose()


def test_variables_that_may_decide_are_named_where_a_connection_fails(postgres, monkeypatch):
    """Which of them a person meant cannot be known; the line says that they are there, never what they hold."""
    monkeypatch.setenv("PGSERVICE", "nothere")
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    with pytest.raises(SearchError, match=r"nothere.* \(set here: PGPASSWORD, PGSERVICE\)$") as refusal:
        open_storage(postgres.url("postgres"))
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://ann:a%40b@db.example/x", "postgresql://ann:***@db.example/x"),
        ("postgresql://ann@db.example/x?sslmode=require", "postgresql://ann@db.example/x?sslmode=require"),
        ("postgres://ann@db.example:6543/x?pgbouncer=true&connection_limit=1&sslmode=require",
         "postgresql://ann@db.example:6543/x?sslmode=require"),
    ],
)  # fmt: skip
def test_url_is_taken_as_providers_print_it(given, taken):
    """The old name of the scheme, and hints that are meant for other clients."""
    assert shown(given) == taken
    assert parse_url(given).get_driver_name() == "psycopg"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("default_transaction_read_only = on", "cannot execute CREATE .* in a read-only transaction"),
        ("search_path = nothere", "no schema has been selected to create in"),
    ],
)
def test_role_that_cannot_make_tables_is_told_so_in_one_line(postgres, setting, message):
    """A server that its provider has made read-only, or a schema of another project."""
    name = f"test_{uuid.uuid4().hex}"
    url = postgres.create_database(name)
    with postgres.connect() as connection:
        connection.execute(f"ALTER DATABASE {name} SET {setting}")
    with pytest.raises(SearchError, match=f"^--storage .*: {message}"):
        open_storage(url)
