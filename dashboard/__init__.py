"""Watch a search and compare its trials with the baseline; reads the study, writes nothing."""
