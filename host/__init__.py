"""What runs on the user's own machine: choosing a mode, writing .env, starting and stopping the lab.

Standard library only, because it runs before anything is installed.
"""
