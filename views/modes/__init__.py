"""In front of a class, in another page's frame, and what else a page is shown as."""
