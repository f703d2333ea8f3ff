"""Accuracy, metrics and localisation of a model on labelled pairs, and the ceilings of the labels."""
