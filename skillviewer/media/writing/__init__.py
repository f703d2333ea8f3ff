"""Writing of videos, sound, proxies and copies."""
