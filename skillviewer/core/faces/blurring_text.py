"""Statements about blurred faces: how much is blurred, and that it is no guarantee."""

from skillviewer.core.faces.faces import Faces, doubtful_frames

LOOK_THROUGH = "Some faces may be missed: look through what was made before you give it away."

NO_GUARANTEE = "Blurred faces: an aid, no guarantee."
"""Short enough for the foot of every page with pictures."""

ON_PAGE = (
    "Faces are blurred where they were found or drawn by hand. That is an aid and no guarantee: look at every picture "
    "before you pass this on."
)

SAID_BEFORE = "What the model said was said of the video before its faces were blurred."
"""Used in the note of a video and next to its score if both were copied to a video with blurred faces."""


def format_blurring(name: str, faces: Faces) -> str:
    """Return a sentence on how much of a video is blurred and how many frames are doubtful."""
    n = len(faces.tracks)
    doubtful = doubtful_frames(faces.doubts)
    if not faces.searched:
        frames = f"in {faces.n_frames_with_faces} of {faces.n_frames} frames"
        return f"{name} was not searched for faces: only boxes drawn by hand are blurred, {frames}."
    if not n:
        text = f"No face was found in {name}, so nothing is blurred in it"
    else:
        # a face that is lost and found again counts twice, and so does a false find: n is not the number of people
        times = f", in {n} intervals" if n > 1 else ""
        text = f"Faces are blurred in {faces.n_frames_with_faces} of {faces.n_frames} frames of {name}{times}"
    return f"{text}; {doubtful} frame{'s are' if doubtful != 1 else ' is'} doubtful."
