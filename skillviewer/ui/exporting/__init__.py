"""The Export screen: what, of which videos, how, what it will look like, where to, and what became of it."""
