"""One call and its session: questions to the client, tasks, subscriptions."""
