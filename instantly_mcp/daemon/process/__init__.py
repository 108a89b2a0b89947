"""The running process: service, signals, drain, limits, systemd."""
