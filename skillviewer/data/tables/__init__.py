"""Tables written by users: rows, names of videos, participants, pairs and regions."""
