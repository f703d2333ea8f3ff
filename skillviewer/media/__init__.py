"""Pixels in and out of files, optical flow, and the one painter. The only user of PyAV and cv2."""
