"""Real clients that are configured with what ``instantly-mcp snippet`` prints for them.

Each test gives a client the text as a user would, lets it connect to a real daemon, and
asks both what they saw. ``make agents`` installs Claude Code, Gemini CLI, Codex and
opencode; their tests are part of ``make test-all``. No account, key or network is used,
and each test has a home directory of its own.
"""
