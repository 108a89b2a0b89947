"""The pages on which people approve calls, and the status page.

They need no JavaScript. These rules protect them together: they are served under the
names of the settings only, a POST needs an ``Origin`` equal to the page's own and the
token of its form, cookies are ``HttpOnly`` and ``SameSite=Strict``, no answer may be
stored, framed or read by another origin, and a request with a key of MCP is refused.
"""
