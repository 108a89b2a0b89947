"""What a campaign consists of, and whether it sends: steps, copy, schedule."""
