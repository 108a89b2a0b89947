"""The Model Context Protocol: messages in, messages out, without any I/O.

`server.McpServer.handle` is the entry point. A transport decodes a body
(`wire/jsonrpc.py`), decides its era (`wire/classify.py`), and hands each message over
with its `Caller`; the method tables of the two eras (`methods/legacy.py` and
`methods/modern.py`) name the function that answers it. The folders, from below:

- ``wire``: formats and checks: JSON-RPC, errors, revisions, envelope, headers, cursors.
- ``arguments``: the arguments of tools and prompts, repaired, then validated.
- ``calls``: one call, its legacy session, questions and notifications to the client.
- ``primitives``: tools, resources and prompts, and the registries that hold them.
- ``methods``: one module per method family, and the method table of each era.
"""
