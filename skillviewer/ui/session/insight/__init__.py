"""Evidence, findings, moments and notes of the video on screen, for the panels of Inspect."""
