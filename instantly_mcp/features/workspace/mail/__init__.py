"""Mails: their addresses, text, HTML and threads."""
