"""Timelines written for other programs: VTT, SRT, EAF and BORIS."""
