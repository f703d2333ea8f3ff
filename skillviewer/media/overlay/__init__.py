"""The painter of maps over frames, and its colour maps."""
