"""Tables that people write: rows, names of videos, participants, pairs and regions."""
