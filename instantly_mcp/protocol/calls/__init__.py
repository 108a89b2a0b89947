"""One call and its session: notifications, asking the client, tasks, subscriptions."""
