"""How a message is executed, and how its reply is kept, streamed and collected."""
