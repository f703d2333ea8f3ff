"""Lists of other files in the place of a video: what is shown must be what the digest names."""

from pathlib import Path

import pytest

from skillviewer.core.errors import VideoError
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import has_sound
from tests.videos import write_barcode_video

PLAYLISTS = {
    "concat.mp4": "ffconcat version 1.0\nfile {name}\n",
    "list.ffconcat": "ffconcat version 1.0\nfile {name}\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{name}\n#EXT-X-ENDLIST\n",
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{name}\n#EXT-X-ENDLIST\n",
    "clip.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash.mpd": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="x"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{name}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
}


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize("kind", ["audio", "ts"])
def test_a_list_of_other_files_is_no_video(tmp_path: Path, name: str, kind: str) -> None:
    other = write_barcode_video(tmp_path / f"private.{'ts' if kind == 'ts' else 'mp4'}", 12, kind=kind).path
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(name=other.name))
    with pytest.raises(VideoError, match="is not a video that can be read"):
        VideoReader(path)
    assert not has_sound(path)


def test_numbered_pictures_are_no_video(tmp_path: Path) -> None:
    from PIL import Image

    for n in range(3):
        Image.new("RGB", (64, 64), (n, n, n)).save(tmp_path / f"private{n}.png")
    path = tmp_path / "private%d.png"
    path.write_bytes((tmp_path / "private0.png").read_bytes())
    with pytest.raises(VideoError, match="is not a video that can be read"):
        VideoReader(path)
    with pytest.raises(VideoError, match="is a still picture or a text"):
        VideoReader(tmp_path / "private0.png")
