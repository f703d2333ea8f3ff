"""The settings of the program: how it looks, how it assesses, who works here, what it keeps, and its keys."""
