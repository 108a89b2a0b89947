"""Breaks one rule at a time in a copy of the tree and shows which test catches it.

``python -m tests.mutants`` (``make mutants``) fails if a broken rule goes unnoticed.
"""
