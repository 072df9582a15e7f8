"""What an Optuna study means here: its settings, its space, its trials."""
