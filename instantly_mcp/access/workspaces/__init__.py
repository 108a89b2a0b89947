"""The workspaces of an operator with several: aliases, key files, and who uses which.

`book.WorkspaceBook` is the entry point.
"""
