"""The components of the page that draw and move a picture, and their scripts."""
