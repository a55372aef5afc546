"""Explore: every combination of faults up to a number, what breaks, and the one change that repairs it."""
