"""Untrusted text: what people outside the workspace wrote, cleaned and marked.

Subjects and bodies of mail, the fields of leads, names and copy may contain
instructions for the model (prompt injection), or text that a person cannot see. All
output of tools, resources, prompts and errors passes through `features.output`, which

- cleans every text (`cleaning`, `html`, `hidden_styles`): invisible characters, images,
  hidden elements and links that execute or embed something are removed;
- marks the untrusted ones: `members` says, as data, which members have text of this
  server or of Instantly; all other text is untrusted;
- puts the marked texts between two tags with a random number (`fence`), and says in
  ``untrusted`` at the root of the result what that means.

This helps a model to distinguish data from instructions. It is not a security boundary:
writes are protected by asking the person.
"""
