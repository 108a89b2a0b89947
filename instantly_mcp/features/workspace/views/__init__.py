"""How objects of the API are shown: which fields, and labels for codes."""
