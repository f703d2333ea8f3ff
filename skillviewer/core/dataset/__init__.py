"""Videos, pairs, the graph that pairs form, and folds."""
