"""Tests of what cleans and marks text of people outside the workspace."""
