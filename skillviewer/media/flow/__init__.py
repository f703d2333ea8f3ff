"""Optical flow between frames: algorithms, compiled kernels and their cache."""
