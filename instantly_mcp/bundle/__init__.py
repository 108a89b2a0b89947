"""The bundle for Claude Desktop: a relay in JavaScript, its manifest, and the archive.

Claude Desktop starts local programs only and brings Node with it. The bundle, a file
``instantly-mcp.mcpb``, installs a program that relays between Claude Desktop's standard
streams and the daemon's Streamable HTTP endpoint. Its sources are in ``server/``.
"""
