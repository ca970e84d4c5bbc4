"""The code that the scripts of several drills share: setups, checks and repairs.

A script connects to the lab's server, and then reads from top to bottom. A check stops with `sys.exit(message)` at the
first thing that is still wrong. The functions of `judging` stop in the same way.
"""
