"""How a database server is asked: directly or through a pooler, whatever variables other programs have set."""

import os
from typing import Any

from sqlalchemy.engine import URL

LIBPQ_DRIVERS = ("psycopg", "psycopg2")
PORT = 5432
# A server that is cut off from the network is noticed within half a minute (libpq's names).
LIBPQ: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds: of what was sent and is not acknowledged
    "client_encoding": "utf8",
    "options": "",  # a pooler refuses any, and PGOPTIONS are meant for another program
}
# What the URL would leave to PGHOSTADDR and PGPORT, although it names a host.
OF_THE_HOST: dict[str, Any] = {"hostaddr": "", "port": PORT}
# Said by a provider's URL to the clients that it has in mind, Prisma for instance; libpq does not know them.
FOR_OTHERS = ("pgbouncer", "connection_limit", "pool_timeout", "supa")
# libpq's variables that decide on a connection and that no URL of ours sets.
VARIABLES = (
    "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE", "PGSSLMODE",
    "PGSSLNEGOTIATION", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGREQUIRESSL", "PGREQUIREAUTH",
    "PGCHANNELBINDING", "PGREQUIREPEER", "PGGSSENCMODE", "PGTARGETSESSIONATTRS", "PGDATESTYLE", "PGTZ", "PGGEQO",
)  # fmt: skip


def understood(url: URL) -> URL:
    """Return a URL as its driver takes it: as providers print it, it may have an old name or hints to other clients."""
    named = url.set(drivername="postgresql") if url.drivername == "postgres" else url
    return named.difference_update_query(FOR_OTHERS) if named.get_backend_name() == "postgresql" else named


def server_options(url: URL, *, read_only: bool) -> dict[str, Any]:
    """Return the arguments of SQLAlchemy's engine for a server.

    A pooler gives the same connection to one client after the other. So nothing is set for a session: what only reads
    says so at the beginning of each transaction, and no statement is prepared on the server, which psycopg 3 does.
    """
    driver = url.get_driver_name()
    given = {**LIBPQ, **(OF_THE_HOST if url.host else {})} if driver in LIBPQ_DRIVERS else {}
    connect = {key: value for key, value in given.items() if key not in url.query}
    if url.port:
        connect.pop("port", None)
    if driver == "psycopg":
        connect["prepare_threshold"] = None
    further = {"execution_options": {"postgresql_readonly": True}} if read_only else {}
    return {"pool_pre_ping": True, "connect_args": connect, **further}


def variables_here() -> str:
    """Return a note that names the variables by which a connection may have become another one; empty without any."""
    found = [name for name in VARIABLES if name in os.environ]
    return f" (set here: {', '.join(found)})" if found else ""
