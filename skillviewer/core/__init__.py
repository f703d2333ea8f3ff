"""Words and values of the field: numpy and scipy only, no files, no pixels, no screen."""
