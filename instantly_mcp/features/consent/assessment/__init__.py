"""What is found out about a write: risk classes, targets, reach, addresses."""
