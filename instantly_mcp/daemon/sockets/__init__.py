"""Listening: ports, sockets of systemd, certificates, which program uses a port."""
