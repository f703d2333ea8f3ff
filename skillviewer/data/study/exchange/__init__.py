"""Import into a study and export from it: data sets, votes, participants and other copies."""
