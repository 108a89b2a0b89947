"""The rails: limits and records that every write passes right before it is sent."""
