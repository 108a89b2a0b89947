"""The relay itself: the client on one side, the daemon on the other."""
