"""A relay: messages of a local MCP client on standard input, a daemon over HTTP.

Some clients start local programs only. This package is what such a program does: each
line that the client writes is POSTed to a daemon (Streamable HTTP), and what the daemon
answers is written back, one message a line.

The client must not notice that there is a network in between. Three rules follow:

1. *A client always has a server.* When the daemon cannot be reached, the client is
   answered here (`relay.stand_in`): it gets one tool, `connection_problem`, whose
   result says what is wrong, what to do next and who must do it. `relay.link` is the
   state machine: connecting, connected, lost. While the connection is lost the relay
   tries again in the background; once the daemon answers, the client is notified that
   the lists changed, and sees the real tools without a restart.
2. *Nothing is done twice.* A request that was surely not sent is sent again for a
   while. A request whose answer was lost is repeated only if it reads
   (`relay.repeats`); otherwise its result says that the outcome is unknown. "Surely not
   sent" is known exactly: the connection, including the TLS handshake, failed before
   the body was handed to it, or the daemon answered that the session does not exist.
3. *Each era keeps its own rules.* In the legacy era the daemon has a session. If it is
   lost (404), the relay opens another one with the client's own ``initialize``, sets
   the log level and the subscriptions again (`relay.legacy`), and goes on. In the
   modern era each request carries everything, the HTTP headers repeat parts of the body
   (`messages.request_headers`), a client cancels a request by closing its HTTP stream,
   and a subscription is a request that does not end (`relay.subscriptions`).

Memory is bounded: each message, each event and each head has a limit, and while the
client leaves much unread, nothing is read from the daemon (`http.pressure`).

The token is sent to one origin only: redirects are not followed, and no other URL can
be requested. HTTP proxies are not supported: the daemon is in the same network.
"""
