"""What a button does, and what is said where it could not."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.text import plain
from search.errors import SearchError


def do(act: Callable[[], Any]) -> None:
    """Do something and show the page anew, or say why it could not be done."""
    try:
        act()
    except SearchError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.rerun()
