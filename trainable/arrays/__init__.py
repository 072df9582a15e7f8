"""Anyone's arrays or table as a problem: how they are split and checked, and what is searched on them."""

KIND = "arrays"
