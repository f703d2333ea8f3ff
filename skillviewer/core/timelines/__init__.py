"""Timelines: annotations of a video in tiers, as ELAN, BORIS and Praat keep them."""
