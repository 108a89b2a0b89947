"""What each simulated operation does to the world, a module a group."""
