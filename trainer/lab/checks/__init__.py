"""What the lessons' checks share: the registry, the model, and flowers to ask it about.

A check is a lesson's .lesson/check.py. It reads from top to bottom and stops at the first thing that is
not done: `sys.exit(message)`, where the message says what is wrong and what to do next. The functions
here stop in the same way. The argument `run_it` is the command that runs the learner's exercise.
"""
