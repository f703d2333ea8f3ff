"""Statements on the extent of blurring and on its limits."""

from skillviewer.core.faces.faces import Faces, doubtful_frames

LOOK_THROUGH = "Some faces may be missed: look through what was made before you give it away."

NO_GUARANTEE = "Blurred faces: an aid, no guarantee."
"""Short enough for the foot of every page with pictures."""

ON_PAGE = (
    "Faces are blurred where they were found or drawn by hand. That is an aid and no guarantee: look at every picture "
    "before you pass this on."
)

SCORED_BEFORE_BLURRING = "What the model said was said of the video before its faces were blurred."
"""Note for a score that was copied to a video with blurred faces."""


def format_blurring(name: str, faces: Faces) -> str:
    """Return a sentence on the numbers of blurred and doubtful frames of a video."""
    frames_text = f"{faces.n_frames_with_faces} of {faces.n_frames} frames"
    if not faces.searched:
        return f"{name} was not searched for faces: only boxes drawn by hand are blurred, in {frames_text}."
    n_tracks = len(faces.tracks)
    if n_tracks == 0:
        text = f"No face was found in {name}, so nothing is blurred in it"
    else:
        # tracks are intervals, not people: a face that is lost and found again has two, and a false detection has one
        intervals_text = f", in {n_tracks} intervals" if n_tracks > 1 else ""
        text = f"Faces are blurred in {frames_text} of {name}{intervals_text}"
    n_doubtful = doubtful_frames(faces.doubts)
    doubtful_text = "1 frame is" if n_doubtful == 1 else f"{n_doubtful} frames are"
    return f"{text}; {doubtful_text} doubtful."
