"""What travels: JSON-RPC messages, revisions, envelopes, errors, cursors, schemas."""
