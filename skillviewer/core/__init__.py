"""Values and vocabulary of the field: numpy and scipy only; no files, pixels or screen."""
