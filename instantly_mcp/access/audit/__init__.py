"""The audit file: what was done, for whom, and who agreed to it."""
