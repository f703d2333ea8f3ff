"""Attacks on the program: files made to harm whoever opens them, kills, and disks without room."""
