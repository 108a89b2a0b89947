"""Administration of a running daemon: a socket, and the commands that it serves.

``instantly-mcp token add`` and its like connect to ``control.sock`` in the state
directory and send one line of JSON::

    {"command": "token.add", "arguments": {"name": "ada", "access": "draft"}}

The daemon answers with one line, ``{"value": …}`` or
``{"refused": ["one sentence for each error"]}``. If no daemon runs, the command line
opens the state itself and runs the same objects (`direct`).

The file mode of the socket (0600) is the only check of who sends commands. No command
is logged with its arguments, because they may be secrets.
"""
