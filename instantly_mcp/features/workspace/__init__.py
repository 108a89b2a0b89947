"""What is known about a workspace, shared by tools, resources and prompts."""
