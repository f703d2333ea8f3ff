"""Timelines for other programs: VTT, SRT, EAF, TextGrid and BORIS."""
