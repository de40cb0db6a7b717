"""The groups of the gallery: a file for each. The folder is the list of them."""
