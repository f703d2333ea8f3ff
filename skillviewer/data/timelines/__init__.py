"""Timelines of other programs, read: EAF, BORIS, TextGrid, VTT, SRT, CSV and JSON."""
