"""Measures of motion: speed, smoothness, pauses, tapping, two hands, and distance from a reference."""
