"""Mutation tests: breaks one rule at a time and shows which test fails.

``make mutants`` (``python -m tests.mutants``) changes a copy of the tree, one mutant at
a time. It fails if no test fails for one of them.
"""
