"""One module for each update rule."""
