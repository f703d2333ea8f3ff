"""Pixels in and out of files, optical flow, and the painter. Only this layer uses PyAV and cv2."""
