"""Experiments, schedules, and the compiled loops of a run and of a sweep."""
