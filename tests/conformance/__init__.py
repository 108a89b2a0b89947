"""The everything-server of the official conformance suite, on this project's engine.

``python -m tests.conformance --port 0 --ready-file FILE`` serves it. It is also the
worked example of how a tool, a resource and a prompt are written.
"""
