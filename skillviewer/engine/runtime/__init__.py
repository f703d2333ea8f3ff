"""Devices, memory, threads, processes, clusters and locks."""
