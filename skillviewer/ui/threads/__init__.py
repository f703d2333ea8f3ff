"""Threads, jobs and messages between them and the window."""
