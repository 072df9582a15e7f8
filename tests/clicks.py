"""Clicks on the table of a page that `AppTest` runs, which has none of its own for them."""

import json

from streamlit.proto.WidgetStates_pb2 import WidgetState


def click(page, cell=None, rows=()):
    """Click on a cell of the page's first table, or check the boxes of these rows, as the browser says it."""
    cells = [] if cell is None else [cell]
    selection = json.dumps({"selection": {"rows": list(rows), "columns": [], "cells": cells}})
    states = page._tree.get_widget_states()
    states.widgets.append(WidgetState(id=page.dataframe[0].proto.id, string_value=selection))
    return page._run(states)
