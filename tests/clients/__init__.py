"""Real clients against real servers, beside the conformance suite.

Each client has a driver, a small script that follows a plan and prints one JSON line
per step; ``stories`` contains the plans and checks the steps. ``make clients``
installs the clients; their tests are part of ``make test-all``.
"""
