"""Writing of videos, sound, scrub proxies and copies."""
