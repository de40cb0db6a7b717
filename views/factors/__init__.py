"""What can be compared: a file for each factor. The folder is the list of them."""
