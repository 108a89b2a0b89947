"""Views of the API's objects: which members are shown, and labels for codes."""
