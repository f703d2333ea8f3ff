"""Import into a study and export from it: data sets, votes, people and other copies."""
