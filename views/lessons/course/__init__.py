"""The lessons of the course: a file for each. The folder is the list of them."""
