"""Template tags that belong to no area."""
