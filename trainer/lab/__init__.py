"""The lab's guide. It knows the form of a lesson, never the content of one."""
