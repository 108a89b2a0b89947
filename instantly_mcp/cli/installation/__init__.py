"""``instantly-mcp init``: puts the settings, and the units of systemd, in place.

The folder ``systemd`` has the files as they are installed.
"""
