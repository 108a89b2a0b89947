"""Ends the process with one line if Python is too old or a dependency is missing.

The check runs on import, before any other module of the package is imported. It must
work in interpreters as old as Python 2.7, which cannot parse the rest of the package.
So this file has no functions (their annotations are a syntax error there) and no
f-strings.
"""

import sys

OLDEST = (3, 11)

MODULES = (
    # Not `twisted`: the plug-in folder of this project is also called twisted.
    ("twisted.internet", "Twisted"),
    ("OpenSSL", "pyOpenSSL"),
    ("service_identity", "service-identity"),
    ("klein", "klein"),
    ("treq", "treq"),
    ("attr", "attrs"),
    ("orjson", "orjson"),
    ("jsonschema_rs", "jsonschema-rs"),
    ("prometheus_client", "prometheus-client"),
    ("idna", "idna"),
)
"""The requirements of `setup.py`: the module to import and the name of its package."""

PROBLEM = ""

if sys.version_info < OLDEST:
    PROBLEM = (
        "Python {0}.{1} or newer is needed, and this is {2} ({3}). In a clone "
        "`make run` looks for a newer one; else start it with python{0}.{1}"
    ).format(OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable)
else:
    from importlib.util import find_spec

    missing = []
    for module, distribution in MODULES:
        try:
            found = find_spec(module)
        except ImportError:
            found = None
        if found is None:
            missing.append(distribution)
    if missing:
        PROBLEM = (
            "{} is not installed for {}. In a clone `make run` installs what is "
            "needed; else install it into an environment: python3 -m venv .venv && "
            ".venv/bin/pip install ."
        ).format(missing[0], sys.executable)

if PROBLEM:
    sys.stderr.write("instantly-mcp: " + PROBLEM + "\n")
    sys.exit(78)
