"""What a call of a declared tool passes: its arguments, its steps, its cursors."""
