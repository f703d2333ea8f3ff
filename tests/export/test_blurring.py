"""What is said of blurred faces: nothing that sounds surer than it is."""

from skillviewer.core.faces import FaceBox, Faces
from skillviewer.export.blurring import blur_remarks
from skillviewer.export.exhibit import Exhibit
from skillviewer.media.reader import VideoReader
from tests.export.analyses import analysis

BOX = FaceBox(0.1, 0.1, 0.2, 0.3)


def test_frames_are_counted_and_not_people(reader: VideoReader) -> None:
    info = reader.info
    none = Faces(info.digest, info.n_frames)
    one = none.drawn(BOX, 3, 0, 10)
    again = one.drawn(BOX, 22, 20, 30)  # the same face, found again
    name = info.path.name

    def said(faces: Faces) -> str:
        first, last = blur_remarks([Exhibit(analysis(info), faces=faces)])
        assert "look through what was made" in last
        return first

    assert said(none) == f"No face was found in {name}, so nothing is blurred in it; 0 frames are doubtful."
    assert said(one) == f"Faces are blurred in 10 of {info.n_frames} frames of {name}; 0 frames are doubtful."
    assert said(again) == (
        f"Faces are blurred in 20 of {info.n_frames} frames of {name}, in 2 stretches; 0 frames are doubtful."
    )
    assert blur_remarks([Exhibit(analysis(info))]) == ()
