"""Tests of `instantly_mcp.features.consent.assessment`."""
