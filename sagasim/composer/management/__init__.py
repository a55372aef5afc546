"""Where Django looks for commands of this area."""
