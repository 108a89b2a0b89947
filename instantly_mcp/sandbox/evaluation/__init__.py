"""Cases that test whether a model uses the tools well, and their judge.

A case is a question in a user's words, the state of the workspace in which it is asked,
and what may be different afterwards. The judge compares the workspace with one in which
the question was never asked: what a model says about its work counts for nothing.
Every effect that a case does not expect or allow is a failure.
"""
