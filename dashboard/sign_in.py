"""Who may look: Streamlit's own sign-in (OpenID Connect), where `secrets.toml` has an `[auth]` section.

Without that section nobody signs in, and Authlib need not be installed. Whatever is wrong with the file shuts the
dashboard rather than opening it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.errors import StreamlitAPIException, StreamlitSecretNotFoundError

from search.errors import SearchError, lines_of

TITLE = "Hyperparameter search"  # of a page that is about no study
SHORTEST_SECRET = 32  # characters; whoever guesses the secret can sign in as anyone

# Set once sign-in was asked for: a file that is removed while the dashboard runs opens nothing.
_asked_for = threading.Event()


@dataclass(frozen=True)
class Access:
    """What `secrets.toml` says of who may look.

    Attributes:
        providers: The names of Streamlit's `[auth.NAME]` sections; None stands for `[auth]` itself.
        emails: Who may look, in lower case; None where everyone may whom the provider signs in.
    """

    providers: tuple[str | None, ...]
    emails: frozenset[str] | None

    def refusal(self, user: Mapping[str, Any]) -> str | None:
        """Return why a person who has signed in may not look; None where they may."""
        if self.emails is None:
            return None
        email = user.get("email")
        if not isinstance(email, str) or user.get("email_verified") is not True:
            return "The provider does not vouch for your e-mail address."
        return None if email.casefold() in self.emails else f"{email} may not look at this dashboard."


def check() -> None:
    """Refuse to read a study for someone who may not look.

    Raises:
        SearchError: They have not signed in, may not look, or `secrets.toml` is wrong.
    """
    access = _access()
    if access is None:
        return
    if not _is_signed_in():
        raise SearchError("sign in first")
    if reason := access.refusal(st.user):
        raise SearchError(reason)


def passed() -> bool:
    """Say whether the person may look; otherwise show them the way in, or why there is none."""
    try:
        access = _access()
    except SearchError as error:
        _say(str(error))
        return False
    if access is None:
        return True
    if not _is_signed_in():
        _offer(access)
        return False
    reason = access.refusal(st.user)
    with st.sidebar if reason is None else st.container():
        if reason is not None:
            _say(reason)
        st.caption(f"Signed in as {st.user.get('name') or st.user.get('email') or 'someone without a name'}")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
    return reason is None


def _offer(access: Access) -> None:
    if find_spec("authlib") is None:
        _say("Sign-in is configured, but Authlib is not installed: pip install -e '.[auth]'.")
        return
    st.title(TITLE)
    st.markdown("Studies are shown to people who have signed in.")
    for provider in access.providers:
        label = f"Sign in with {provider}" if provider else "Sign in"
        if st.button(label, icon=":material/login:", type="primary"):
            try:
                st.login(provider)
            except StreamlitAPIException as error:  # says which key of the section is missing
                st.error(f"secrets.toml: [auth]: {' '.join(lines_of(error))}", icon=":material/error:")


def _say(reason: str) -> None:
    st.title(TITLE)
    st.error(reason, icon=":material/lock:")


def _is_signed_in() -> bool:
    return st.user.get("is_logged_in") is True


def _access() -> Access | None:
    """Return what `secrets.toml` says; None where nobody has to sign in.

    Raises:
        SearchError: It cannot be understood.
    """
    secrets = _secrets()
    auth, access = secrets.get("auth"), secrets.get("access")
    if auth is None and access is None:
        if _asked_for.is_set():
            raise SearchError("secrets.toml had an [auth] section and has none now: restart the dashboard")
        return None
    _asked_for.set()
    if not isinstance(auth, Mapping):
        raise SearchError("secrets.toml: [access] says who may look, but there is no [auth] to sign in with")
    if not isinstance(auth.get("cookie_secret"), str) or len(auth["cookie_secret"]) < SHORTEST_SECRET:
        raise SearchError(
            f"secrets.toml: [auth] needs a random cookie_secret of {SHORTEST_SECRET} characters or more, e.g. from "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return Access(tuple(named) or (None,), None if access is None else _emails(access))


def _emails(access: Any) -> frozenset[str]:
    emails = access.get("emails") if isinstance(access, Mapping) else None
    if not isinstance(emails, list) or not all(isinstance(email, str) for email in emails):
        raise SearchError('secrets.toml: [access] must have emails = ["someone@example.org", ...]')
    if other := set(access) - {"emails"}:
        raise SearchError(f"secrets.toml: [access] takes emails only, and has {', '.join(sorted(other))}")
    return frozenset(email.strip().casefold() for email in emails)


def _secrets() -> dict[str, Any]:
    """Return the contents of `secrets.toml`; nothing where there is no such file.

    Raises:
        SearchError: There is one, and it cannot be read.
    """
    try:
        return st.secrets.to_dict()
    except (StreamlitSecretNotFoundError, OSError, ValueError) as error:
        # Streamlit takes a broken file for none; that would let everyone in.
        if there := [file for file in config.get_option("secrets.files") if Path(file).exists()]:
            raise SearchError(f"{there[0]}: cannot be read, so nothing is shown: {lines_of(error)[0]}") from error
        return {}
