"""Reports of a video or a cohort as PDF and web page."""
