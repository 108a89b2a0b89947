"""Small stores on the database, each with the SQL of its own tables."""
