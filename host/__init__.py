"""The commands that run on the user's own machine: choose a mode, write .env, start and stop the lab.

This package uses the standard library only, because it runs before any other package is installed.
"""
