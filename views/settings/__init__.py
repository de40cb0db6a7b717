"""Every setting of the lab: what it is called, what a link says of it, its control."""
