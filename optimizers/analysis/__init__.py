"""What is measured of a run, and said of it: verdicts, one step taken apart, its code."""
