"""What happens between a tool that wants to write and the write: consent, rails."""
