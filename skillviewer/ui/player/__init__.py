"""The player: picture with its map, and the transport under it."""
