"""Training and testing of models on folds, and the tables of the results."""
