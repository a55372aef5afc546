"""Run: a saga with its faults is executed in virtual time, stored whole, and played to whoever watches."""
