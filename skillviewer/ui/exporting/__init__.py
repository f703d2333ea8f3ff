"""The Export screen: kind, videos, options, preview and destination of an export, and the queue."""
