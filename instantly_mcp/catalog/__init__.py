"""The operations of the Instantly API as data: one `Operation` for each API call.

The catalog is data instead of functions, because many parts read it: the client builds
requests from it and decides by an operation's `Effect` what it may repeat; the
throttle reads limits; tools take their argument schemas from it; a resource shows it to
models; the sandbox checks requests against it. The facts about an operation are stated
once, in the API's own names, and tests compare them with the vendor's OpenAPI document.

- `operation`: the classes (`Operation`, `Parameter`, `Effect`, `Limit` …).
- One module per group of operations (`accounts`, `campaigns` …), each with a tuple
  ``OPERATIONS``; `index` joins them.
- `fragments`: constructors for these modules. `codes`: the API's numbers and their
  names. `timezones`: those that it accepts.
- `reply`: which members of a reply this server relies on; `replies` lists them.
- `schema`: the JSON Schema of an operation's arguments.
"""
