"""State behind the window: open study, videos, models, playback, undo. No widgets."""
