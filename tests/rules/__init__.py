"""The protocol's rules, one test each, through the whole pipeline in memory.

Most of them are rules that the official conformance suite never exercises.
"""
