"""The clock of who looks: their browser says its zone, and the server need not be in it."""

from contextlib import suppress
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def viewer_zone() -> tzinfo:
    """Return the zone of the person's browser, of which the server's takes the place where it says none.

    With the offset of this moment for all moments: no hour comes twice, or not at all, in what is drawn over time.
    """
    now = datetime.now().astimezone()
    if name := st.context.timezone:
        with suppress(ZoneInfoNotFoundError, ValueError):  # a browser may say anything
            now = now.astimezone(ZoneInfo(name))
    return timezone(now.utcoffset() or timedelta())
