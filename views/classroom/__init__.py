"""A class that answers together: what it is asked, where answers are kept, its pages."""
