"""Compose: a saga is drawn, typed or written, kept in versions, and told where it is wrong."""
