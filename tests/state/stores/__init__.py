"""Tests of the stores on the database."""
