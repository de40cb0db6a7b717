"""One module for each surface."""
