"""Makes the `Call` that a feature sees, with the asker that its era needs."""

from __future__ import annotations

from .._json import Json
from .asking import IAsker
from .call import MUTE, Call
from .input_required import Binding, ReplayAsker
from .offer import Offer, Turn
from .session_asking import SessionAsker
from .trace import trace_of

ASKS_BY_RETRY = frozenset({"tools/call", "prompts/get", "resources/read"})
"""The methods whose modern answer may be an input-required round."""


def call_for(offer: Offer, turn: Turn) -> Call:
    """Return the call of a turn.

    :raises ProtocolError: -32602 for a ``requestState`` that is not valid here.
    """
    meta = turn.params.get("_meta")
    return Call(
        caller=turn.caller,
        progress_token=_progress_token(meta),
        log_level=turn.log_level,
        capabilities=turn.capabilities,
        asker=_asker(offer, turn),
        trace=trace_of(meta),
    )


def _progress_token(meta: Json) -> str | int | None:
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if isinstance(token, str) or (isinstance(token, int) and token is not True):
        return None if token is False else token
    return None


def _asker(offer: Offer, turn: Turn) -> IAsker:
    caller, params = turn.caller, turn.params
    if not caller.revision.modern:
        if caller.session is None:
            return MUTE
        return SessionAsker(caller.session, caller.outlet, offer.clock)
    if turn.request.method not in ASKS_BY_RETRY:
        return MUTE
    binding = Binding(
        principal=caller.principal, method=turn.request.method, params=params
    )
    asker = ReplayAsker(offer.sealer, binding, turn.capabilities)
    if "requestState" in params or "inputResponses" in params:
        asker.load()
    return asker
