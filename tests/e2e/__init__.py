"""The whole daemon as a process, driven over real sockets by real clients."""
