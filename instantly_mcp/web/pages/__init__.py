"""The HTML pages for people, in one look, without scripts."""
