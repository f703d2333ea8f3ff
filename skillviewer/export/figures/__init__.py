"""Figures for papers and slides: score curves, accuracies, comparisons of models."""
