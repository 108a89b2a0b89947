"""The Instantly client: executes operations of the catalog over HTTP."""
