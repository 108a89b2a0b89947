"""Mutants of the order of writes, and of leads that are on their way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

GUARD = "features/consent/guard.py"
TURNS = "features/consent/turns.py"
MOVES = "features/consent/moves.py"

IN_ORDER = "features.consent.test_turns"
MOVED = "features.consent.test_moves"

MUTANTS: Sequence[Mutant] = (
    both(
        "A start has the workspace alone, from its preview to its end",
        TURNS,
        "        return not self._alone and not (alone and self._together)",
        "        return True",
        IN_ORDER,
    ),
    both(
        "Later writes do not overtake one that waits to be alone",
        TURNS,
        "        if not self._waiting and self._admits(alone):",
        "        if self._admits(alone):",
        IN_ORDER,
    ),
    both(
        "No turn is held while a person is asked",
        GUARD,
        "asked = ConsentRequest(act, preview, subject.call, doing, turn.leave)",
        "asked = ConsentRequest(act, preview, subject.call, doing, noop)",
        IN_ORDER,
    ),
    both(
        "A preview is built again in a turn of its own",
        GUARD,
        """        await _take(turn, subject)
        again = evolve""",
        "        again = evolve",
        IN_ORDER,
    ),
    both(
        "Nothing starts while leads are on their way to it",
        GUARD,
        """        await self._moves.require_arrived(subject)
        preview =""",
        "        preview =",
        MOVED,
    ),
    both(
        "Leads that arrive during the question are noticed",
        GUARD,
        """        await self._moves.require_arrived(subject)
        return""",
        "        return",
        IN_ORDER,
    ),
    both(
        "No leads join a move that was agreed to",
        GUARD,
        "        await self._moves.require_left(subject)\n",
        "",
        MOVED,
    ),
    both(
        "A job that cannot be read is one under way",
        MOVES,
        "            return context.clock.seconds() - begun > UNREADABLE_SECONDS",
        "            return True",
        MOVED,
    ),
    both(
        "The job of one workspace is not ended by another",
        MOVES,
        "            if (each.workspace_key, each.way) == (workspace, way)",
        "            if each.way == way",
        MOVED,
    ),
)
