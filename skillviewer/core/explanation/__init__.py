"""Evidence for a score: contributions, moments, and the faithfulness of attention."""
