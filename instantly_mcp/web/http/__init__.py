"""The HTTP/1.1 connection layer, on top of twisted.web.

It subclasses twisted.web's `Site`, `HTTPChannel` and `Request`. It keeps what
they do well (chunked bodies, pipelining order, producers and back-pressure,
half-closing) and replaces what is not safe on a port that faces the internet:

- The head. twisted.web parses line by line and accepts what two readers may frame
  differently: no Host or two of them, folded lines, Transfer-Encoding on HTTP/1.0. Here
  `parse_head` parses the whole head at once and refuses whatever is ambiguous.
- Time limits. twisted.web's idle timeout starts again with each byte, so a client that
  sends a byte now and then holds its connection forever. Here a head and a body each
  have one `Deadline`, which later bytes do not move.
- Size limits. twisted.web has none for bodies. Here a body is limited by its announced
  length and while it arrives, as are all bodies together (`WebLimits`).
- Pipelined requests. twisted.web answers everything that one read brought, even if the
  client does not read. Here requests stay unparsed while answers cannot be sent.
- Connections. `McpSite` limits their number, closes idle ones first, and always lets
  probes in.
- Answers. `McpRequest` enforces that an answer is begun, written and ended once, in
  this order. Errors are JSON, never a page, and never repeat the request, which may
  hold a key.
- Answers that the client does not read are bounded by `unread_answers`.

The layer depends on private names of Twisted. ``docs/decisions.md`` lists them, and
``tests/test_private_api.py`` checks them with each version.
"""
