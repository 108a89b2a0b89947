"""An on-prem MCP server for the Instantly.ai cold-email API v2.

Each package refuses to know something, and ``tests/test_house_rules.py`` holds
them to it:

- ``catalog``: what Instantly can do, as data. Knows nothing else.
- ``protocol``: MCP itself. Does no I/O and has never heard of HTTP servers.
- ``features``: what we offer over MCP: tools, resources, prompts. Knows no HTTP.
- ``api``: the Instantly client on treq. Knows no MCP.
- ``sandbox``: a simulated Instantly. Knows neither the client nor MCP.
- ``pipeline``: the journey of one HTTP request, stage by stage. Knows no Klein.
- ``transports``: how MCP messages travel: Streamable HTTP, HTTP+SSE.
- ``web``: the only place that sees Klein and ``IRequest``.
- ``access``: who may do what.
- ``state``: sessions, seals and limits that outlive one request.
- ``metrics``: counters and their exposition.
- ``daemon``: the composition root; ``cli`` and ``tap`` start it.

``_credential``, ``_deferred``, ``_json_codec`` and ``_log`` are what every
package shares; they import nothing else of this package.
"""

__version__ = "0.1.0"
