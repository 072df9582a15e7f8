"""Parts of pages, shown by one or several of the `screens`."""
