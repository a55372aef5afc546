"""The core: saga files, expressions, faults, and what they do to a run."""
