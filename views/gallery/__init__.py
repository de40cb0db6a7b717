"""The gallery: a page of small pictures, each of which opens its experiment in the lab."""
