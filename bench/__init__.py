"""`make bench`: how fast the service is on graphs of several sizes, beside the bare driver in the same run."""
