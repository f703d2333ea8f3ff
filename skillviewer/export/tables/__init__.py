"""Tables of scores, curves, evidence, votes and attention maps for other programs."""
