"""HTTP: the only package that sees Klein and ``IRequest``."""
