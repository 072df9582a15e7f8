"""Anyone's data for classification, as checked splits."""
