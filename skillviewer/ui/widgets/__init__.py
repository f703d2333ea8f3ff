"""Widgets and colours that every screen may use."""
