"""Networks of MediaPipe Hands (Zhang et al. 2020, arXiv:2006.10214): palm detection and hand landmarks."""
