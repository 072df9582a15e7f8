"""The dashboard's real server: who can reach it, and signing in from end to end with a real provider on loopback."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from commands import ROOT, clean_environment

from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import open_study

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(folder, port, *options):
    """A dashboard of one empty study, started from another directory than the repository; its port."""
    storage = f"sqlite:///{folder / 'studies.db'}"
    open_study("s", open_storage(storage), Settings(seed=1))
    command = [sys.executable, "-m", "streamlit", "run", ROOT / "dashboard" / "app.py", "--server.port", str(port)]
    server = subprocess.Popen(
        [*command, *options, "--", "--storage", storage],
        cwd=folder, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until_answered(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_answered(address, server):
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The port of a dashboard without sign-in."""
    with serving(tmp_path_factory.mktemp("a dashboard"), free_port()) as port:
        yield port


def status_of(port, request):
    """The status with which the server answers a raw request."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*request, "", ""]).encode())
        return int(connection.recv(4096).split()[1])


def handshake(port, host, origin):
    """The status with which the server answers the opening of a page's connection; 101 accepts it."""
    headers = [
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: streamlit", f"Origin: {origin}",
    ]  # fmt: skip
    return status_of(port, headers)


def test_server_listens_on_loopback_only(port):
    """Also where it is started from another directory: the configuration is beside the script."""
    ending = f":{port:04X}"
    rows = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}")]  # noqa: PTH123, SIM115
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(ending)}
    assert listening == {"0100007F"}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        ("localhost:9000", "http://localhost:9000", 101),  # the near end of a tunnel
        ("attacker.example", "http://attacker.example", 403),  # a name that was pointed at this machine
        ("localhost.attacker.example", "http://localhost.attacker.example", 403),
        ("localhost:{port}", "http://attacker.example", 403),  # another site's page
        ("localhost:{port}", "null", 403),
    ],
)
def test_pages_of_other_sites_cannot_connect(port, host, origin, status):
    """A browser says which page asks (Origin) and by which name (Host): both have to be this machine's."""
    assert handshake(port, host.format(port=port), origin.format(port=port)) == status


def test_uploads_without_a_token_are_refused(port):
    """A page of another site cannot send files."""
    upload = ["PUT /_stcore/upload_file/session/file HTTP/1.1", f"Host: localhost:{port}", "Content-Length: 0"]
    assert status_of(port, [*upload, "Connection: close"]) == 403


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    """The port of a dashboard that Ada may look at, and a real provider that signs in whoever asks."""
    folder, port, provider = tmp_path_factory.mktemp("protected"), free_port(), free_port()
    with running_provider(provider):
        (folder / ".streamlit").mkdir()
        (folder / ".streamlit" / "secrets.toml").write_text(f"""
[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "{"0123456789abcdef" * 2}"
client_id = "dashboard"
client_secret = "secret"
server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
[access]
emails = ["ada@example.org"]
""")
        with serving(folder, port) as port:
            yield port


@contextmanager
def running_provider(port):
    """A provider of OpenID Connect who knows Ada and Eve."""
    claims = [
        json.dumps({"sub": name, "name": name.capitalize(), "email": f"{name}@example.org", "email_verified": True})
        for name in ("ada", "eve")
    ]
    users = [part for each in claims for part in ("--user-claims", each)]
    provider = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *users],
        env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until_answered(f"http://127.0.0.1:{port}/.well-known/openid-configuration", provider)
        yield
    finally:
        provider.terminate()
        provider.wait(timeout=20)


@pytest.fixture(scope="module")
def chromium():
    """A browser, of which each page has a context of its own."""
    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium):
    """A browser that knows nobody."""
    page = chromium.new_page()
    yield page
    page.close()


def sign_in(page, port, name):
    """Go through the sign-in as a person does."""
    page.goto(f"http://localhost:{port}")
    page.get_by_role("button", name="Sign in").click(timeout=30_000)
    page.locator(f"button[value={name}]").click(timeout=30_000)


def test_people_on_the_list_sign_in_look_and_sign_out(protected, browser):
    """From the button over the provider's page to the study, and out again."""
    sign_in(browser, protected, "ada")
    browser.get_by_text("Signed in as Ada").wait_for(timeout=30_000)
    browser.get_by_role("combobox", name="Study").wait_for(timeout=30_000)
    browser.get_by_role("button", name="Sign out").click()
    browser.wait_for_url("**/end_session**")  # the provider's page, who may end more than this
    browser.goto(f"http://localhost:{protected}")
    browser.get_by_role("button", name="Sign in").wait_for(timeout=30_000)
    assert browser.get_by_role("combobox", name="Study").count() == 0


def test_other_people_are_refused_though_the_provider_knows_them(protected, browser):
    """The refusal names the address, and shows nothing of a study."""
    sign_in(browser, protected, "eve")
    browser.get_by_text("eve@example.org may not look at this dashboard.").wait_for(timeout=30_000)
    assert browser.get_by_role("combobox", name="Study").count() == 0
