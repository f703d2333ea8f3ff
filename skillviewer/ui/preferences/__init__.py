"""The program's settings: appearance, assessing, the user's name, storage and keys."""
