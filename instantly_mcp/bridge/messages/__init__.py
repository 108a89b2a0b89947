"""What is read from and added to messages: headers, and what tools declare."""
