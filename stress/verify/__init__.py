"""Checks: pure functions from what a run left behind to PASS, FAIL or NOT TESTED."""
