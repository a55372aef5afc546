"""Hypothesis for the core: what a machine is slow at today is no failure."""

from hypothesis import settings

settings.register_profile("core", deadline=None)
settings.load_profile("core")
