"""Figures, as pure functions of tables."""
