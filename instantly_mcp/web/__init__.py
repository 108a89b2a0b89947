"""HTTP: routes, pages, and the connection layer on twisted.web.

Besides ``sandbox/app.py`` this is the only package that uses Klein and ``IRequest``.
"""
