"""The Compare screen: where several models look on the same frame, and how far they agree over the study."""
