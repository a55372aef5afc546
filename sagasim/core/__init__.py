"""The pure core: what a saga is, how it runs, and what every combination of faults can do to it.

Nothing in here knows a clock, a database, a thread or a framework. See ARCHITECTURE.md for the way through.
"""
