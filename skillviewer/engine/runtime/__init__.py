"""Devices, memory, processes and locks."""
