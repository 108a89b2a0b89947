"""An on-prem MCP server for the Instantly.ai cold-email API v2.

The packages, from the bottom to the top. What each may import is a table in
``tests/test_house_rules.py``; ``docs/architecture.md`` explains it.

- ``catalog``: the operations of the Instantly API, as data.
- ``protocol``: MCP, without I/O and independent of HTTP.
- ``metrics``: Prometheus metrics.
- ``api``: the Instantly client, on treq.
- ``sandbox``: a simulated Instantly API, as a second server.
- ``pipeline``: the stages through which an HTTP request passes.
- ``access``: which credential a request uses, and which listeners are allowed.
- ``state``: sessions, sealed tokens and limits that outlive one request.
- ``bundle``: the extension for Claude Desktop.
- ``transports``: the MCP transports: Streamable HTTP, HTTP+SSE.
- ``features``: the tools, resources and prompts that this server offers over MCP.
- ``web``: the HTTP server. Only this package uses Klein and ``IRequest``.
- ``daemon``: the composition root; ``cli`` and ``tap`` start it.

The modules ``_credential``, ``_deferred``, ``_json_codec``, ``_log`` and ``_noop`` are
shared by all packages and import none of them.
"""

__version__ = "0.2.0"
