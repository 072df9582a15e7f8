"""Somebody who looks at the dashboard in a real browser, and everything that goes wrong meanwhile."""

import re

from benchmarks.browsing import COMPLETE, WIDE

ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # no other machine is reached by its name
PATIENCE = 30_000  # milliseconds
OWN = re.compile(r"(data|blob):|(http|ws)://127\.0\.0\.1:")
# Where the address has a path, Streamlit looks for its server below that path first, and does not find it there.
PROBE = re.compile(r"http://127\.0\.0\.1:\d+/\w+/_stcore/(health|host-config)")


class Visit:
    """A browser with nothing in it yet; `end` fails if anything went wrong."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": WIDE} | options)
        self.context.set_default_timeout(PATIENCE)
        self.troubles = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda failure: self.troubles.append(str(failure.error)))
        self.context.on("request", self._check)
        self.page = self.context.new_page()
        self.page.on("websocket", self._check)

    def _hear(self, message):
        if message.type == "error" and not PROBE.fullmatch(message.location["url"]):
            self.troubles.append(f"{message.text} {message.location}")

    def _check(self, request):
        if not OWN.match(request.url):
            self.troubles.append(f"asked for {request.url}")

    def open(self, address):
        """Go to an address; return the page once it is complete."""
        self.page.goto(address)
        self.page.wait_for_function(COMPLETE)
        return self.page

    def follow(self, title):
        """Go to the page that has this title in the menu and as its heading; return it once it is complete.

        A trial's page has its number in the heading, too.
        """
        link = self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True)
        address = link.evaluate("link => link.href")
        link.click()
        self.page.wait_for_url(re.compile(rf"{re.escape(address)}(\?|$)"))
        self.page.get_by_role("heading", level=1, name=re.compile(rf"^{re.escape(title)}( \d+)?$")).wait_for()
        self.page.wait_for_function(COMPLETE)
        return self.page

    def end(self):
        """Leave; say what went wrong, if anything did."""
        errors = self.page.get_by_test_id("stException").all_inner_texts()
        self.context.close()
        if troubles := [*errors, *self.troubles]:
            raise AssertionError(f"while {self.page.url} was looked at: {troubles}")
