"""Tests for the pages of approvers."""
