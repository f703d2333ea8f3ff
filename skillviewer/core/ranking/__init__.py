"""Statistics of votes: pair selection, strengths, agreement, raters and cycles."""
