"""Backbones, their weights and their preparation for inference."""
