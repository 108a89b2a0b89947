"""Real clients against real servers, beside the conformance suite.

Each client has a driver, a small script that follows a plan and prints one JSON line a
step; ``stories`` says what is to happen and checks that it did. ``make clients``
installs the clients; their tests are part of ``make test-all``.
"""
