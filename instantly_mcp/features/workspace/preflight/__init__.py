"""Is a campaign ready to send? Small checks, each with the facts behind it.

`survey` reads the campaign and what belongs to it with few calls; `audience`,
`personalization`, `copy`, `schedule` and `senders` check it without further calls;
`report` runs all checks and sums them up in a verdict. A check that fails prevents a
start: `features.tools.workflows.preflight_guard`.
"""
