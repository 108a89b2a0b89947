"""How each MCP client connects to this server: data, and text made of it.

`registry.CLIENTS` lists the clients. The command ``instantly-mcp snippet``, the connect
page and ``docs/connect.md`` are made of it. No text contains a secret: it names an
environment variable, or the place where the client asks for the value.
"""
