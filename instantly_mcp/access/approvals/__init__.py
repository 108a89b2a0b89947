"""Approval of single writes by a person: requests, decisions, approvers."""
