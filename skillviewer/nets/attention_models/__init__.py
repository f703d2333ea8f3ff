"""Attention models: the paper's, its ablations and its rivals, one module each."""
