"""Listening: ports, sockets of systemd, certificates, who has a port."""
