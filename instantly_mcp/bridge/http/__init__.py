"""HTTP to the one daemon: connection, certificates, replies, server-sent events."""
