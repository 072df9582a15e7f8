"""What the search costs beside its limits and beside other tools; each command measures one part."""
