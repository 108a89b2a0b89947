"""Mutants of input-required rounds and of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

ROUNDS = "protocol/calls/ask_by_retry.py"
TASKS = "protocol/calls/tasks.py"
TASK_METHODS = "protocol/methods/tasks.py"
TOOLS = "protocol/methods/tools.py"

_ROUNDS: Sequence[Mutant] = (
    mutant(
        "modern",
        "requestState is bound to the principal",
        ROUNDS,
        "[self.principal, self.method, salient, limits]",
        "[self.method, salient, limits]",
        "rules.test_request_state",
    ),
    mutant(
        "modern",
        "requestState is bound to the method",
        ROUNDS,
        "[self.principal, self.method, salient, limits]",
        "[self.principal, salient, limits]",
        "rules.test_request_state",
    ),
    mutant(
        "modern",
        "requestState is bound to the parameters",
        ROUNDS,
        "[self.principal, self.method, salient, limits]",
        "[self.principal, self.method, limits]",
        "rules.test_request_state",
    ),
    mutant(
        "modern",
        "requestState expires",
        ROUNDS,
        ' or content["until"] < self.wall_clock()',
        "",
        "rules.test_request_state",
    ),
    mutant(
        "modern",
        "requestState is verified before the tool runs",
        "protocol/methods/running.py",
        '    if "requestState" in params or "inputResponses" in params:',
        '    if "inputResponses" in params:',
        "rules.test_request_state",
    ),
    mutant(
        "modern",
        "A round accepts only answers to its own questions",
        ROUNDS,
        "            if asked is None or key in asked:",
        "            if True:",
        "rules.test_rounds",
    ),
    mutant(
        "modern",
        "Answers are validated against the questions",
        ROUNDS,
        "            problem = questions[key].problem(self._answers[key])",
        "            problem = None",
        "rules.test_rounds",
    ),
    mutant(
        "modern",
        "A request is asked only for what its capabilities declare",
        ROUNDS,
        "        if missing:\n            return fail(missing_capability(missing))",
        "        if False:\n            return fail(missing_capability(missing))",
        "rules.test_rounds",
    ),
    mutant(
        "modern",
        "Earlier answers are available in the next round",
        ROUNDS,
        "            self._answers.update(known)\n",
        "",
        "rules.test_rounds",
    ),
)

_TASKS: Sequence[Mutant] = (
    mutant(
        "modern",
        "tasks/* without the extension is refused before the task id is checked",
        TASK_METHODS,
        "    if lacks_capability(context.capabilities, TASKS_CAPABILITY):\n"
        "        raise missing",
        "    if False:\n        raise missing",
        "rules.test_tasks",
        suite="--suite all",
    ),
    mutant(
        "modern",
        "A task exists for its owner only",
        TASKS,
        "        if task is None or task.principal != principal:",
        "        if task is None:",
        "rules.test_task_inputs",
    ),
    mutant(
        "modern",
        "A task is created only for a request that opts in",
        TOOLS,
        "            and not lacks_capability(call.capabilities, TASKS_CAPABILITY)",
        "            and True",
        "rules.test_tasks",
    ),
    mutant(
        "legacy",
        "Tasks are not created in legacy revisions",
        TOOLS,
        "            and self.context.caller.revision.modern\n",
        "",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "A tool that requires a task refuses a request that does not opt in",
        TOOLS,
        "    if must_be_task and lacks_capability(",
        "    if False and lacks_capability(",
        "rules.test_tasks",
        suite="--suite all",
    ),
    mutant(
        "modern",
        "A protocol error makes a task failed",
        TASKS,
        "            self._end(task, FAILED, error.message)",
        "            self._end(task, CANCELLED, error.message)",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "The result in a task is the result of a direct call",
        TOOLS,
        '    return {"resultType": "complete", **outcome}',
        "    return outcome",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "Cancelling a task stops its work",
        TASKS,
        "            task.running.cancel()",
        "            pass",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "A terminal status is final",
        TASKS,
        "            return\n        task.status = status",
        "            pass\n        task.status = status",
        "protocol.calls.test_task_machine",
    ),
    mutant(
        "modern",
        "A task has exactly the members of its status",
        TASKS,
        "        if self.status == INPUT_REQUIRED:",
        "        if self.status in (INPUT_REQUIRED, WORKING):",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "An input key of a task is never reused",
        "protocol/calls/ask_by_task.py",
        "        while unique in task.used_keys:",
        "        while unique in task.pending:",
        "rules.test_task_inputs",
    ),
    mutant(
        "modern",
        "Answers to a task are validated",
        TASKS,
        "            problem = task.pending[key][0].problem(responses[key])",
        "            problem = None",
        "rules.test_task_inputs",
    ),
    mutant(
        "modern",
        "A partial answer leaves the task waiting for the rest",
        TASKS,
        "INPUT_REQUIRED if task.pending else WORKING",
        "WORKING",
        "rules.test_task_inputs",
        suite="--suite all",
    ),
    mutant(
        "modern",
        "A task asks only for what the capabilities of its creator declare",
        "protocol/calls/ask_by_task.py",
        "        missing = missing_capabilities(self.capabilities, questions)",
        "        missing = {}",
        "rules.test_task_inputs",
    ),
    mutant(
        "modern",
        "A task is kept for its ttlMs",
        TASKS,
        "            if task.is_terminal and task.expires_at < now:",
        "            if task.is_terminal:",
        "rules.test_tasks",
    ),
    mutant(
        "modern",
        "The number of running tasks of one principal is limited",
        TASKS,
        "        if len(own) >= MAX_TASKS_PER_PRINCIPAL and",
        "        if len(own) >= 2 * MAX_TASKS_PER_PRINCIPAL and",
        "rules.test_tasks",
    ),
)

MUTANTS: Sequence[Mutant] = (*_ROUNDS, *_TASKS)
