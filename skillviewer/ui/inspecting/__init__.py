"""The Inspect screen: player, score curve, and the Why, Moments and Notes panels."""
