"""What can be wrong with the connection: a cause, a next step, who must act."""
