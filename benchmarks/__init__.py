"""What measures: nothing here asserts a time."""
