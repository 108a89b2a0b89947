"""A simulated Instantly API v2, for demonstrations and tests.

The sandbox is a second *server*, not a second client. `InstantlyClient` reaches it by
HTTP, through a socket (``app``) or within the process (``agent``), so that a test or a
demonstration uses the real client with its throttle, retries and error handling. With
that client it shares only the catalog and the modules for JSON and Deferreds: other
shared code would share its mistakes.

Worlds. A `Sandbox` has one workspace for each key that begins with ``sandbox`` and
for each ``x-as-workspace`` id. A workspace is a `World` (accounts, campaigns, leads,
lists, e-mails, jobs) with its own time, rate limits and faults. All ids, names and
random choices are derived from the seed and the key, so that the same seed, key, start
and requests give the same bytes. A new world already has a past of six weeks, which the
simulation itself produced (``seed``).

Time. A world never reads a clock. What lies in the future (the next mail of a
campaign, a reply, the end of a job) is on its agenda, a heap ordered by time. Each
operation first runs what is due by now (`World.advance`). Many small steps and one
large one therefore lead to the same world, and a test can let weeks pass in one call.

Leads. The seed and a lead's address decide before the first mail whether the lead
bounces, opens, clicks, replies or unsubscribes, and after how many hours
(``lead_behavior``). Each reaction is put on the agenda when a mail is sent, and is
recorded in the campaign's history when it happens. Analytics count that history and
nothing else, so that totals, days, leads and e-mails agree.

Faults are data. A `Fault` names what goes wrong, for which operation, and which of its
calls are hit. A script selects the fault of a call, ``dispatch`` applies it to the
reply, and ``app`` sends that reply late, cut short or not at all.

Effects. ``evaluation`` compares a workspace with a second one of the same age that no
one has called, and so finds what a client changed, apart from what the simulation did
by itself. The judge of ``instantly-mcp eval`` relies on it, and on the journal of
executed operations.

What is simulated: every operation of the catalog, with the API's validation, error
envelope, cursors, rate limits, credits and background jobs. What is not: sending (the
outbox lists the mail that would have been sent), mail servers, warm-up mail,
subsequences, smart views, block lists and enrichment.

How realism is checked: the tests of this package compare each successful reply with
the response schema in Instantly's OpenAPI document (where a copy of it is available),
send requests generated from the catalog, and check that all numbers add up. No test
compares the sandbox with the live API.
"""
