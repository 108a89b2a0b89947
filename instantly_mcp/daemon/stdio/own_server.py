"""The mode of `instantly-mcp stdio` that is a server of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...transports.stdio_lines import ILineSink
from ..logs.observer import LogObserver
from ..settings.settings import Settings
from .direct import build_direct
from .parts import StdioParts
from .run import serve_streams


def serve_directly(
    reactor: Any,
    settings: Settings,
    errors: Sequence[str],
    workspace: str | None = None,
) -> int:
    """Serve the client of the standard streams until it leaves.

    :param errors: the errors in the settings.
    :param workspace: see `build_direct`.
    :returns: the exit status.
    """

    def build(output: ILineSink, observer: LogObserver) -> StdioParts:
        return build_direct(
            settings,
            reactor,
            output,
            learn=lambda key: observer.redactor.learn([key]),
            workspace=workspace,
        )

    return serve_streams(reactor, settings, errors, build)
