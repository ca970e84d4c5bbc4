"""The command `lab`. Its code knows the form of a lesson, but not the content of any lesson."""
