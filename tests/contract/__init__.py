"""One contract suite, run on the fake and on the real thing."""
