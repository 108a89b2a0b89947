"""Runs the daemon with settings from the environment: ``twistd -ny instantly.tac``."""

import instantly_mcp._prerequisites

from twisted.application.service import Application

from instantly_mcp.tap import Options, makeService

application = Application("instantly_mcp")
makeService(Options()).setServiceParent(application)
