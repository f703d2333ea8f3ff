"""Annotations of a video as an ELAN document (EAF 3.0, https://www.mpi.nl/tools/elan/EAFv3.0.xsd)."""

import mimetypes
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, lane_name, lanes, whole
from skillviewer.core.video.info import VideoInfo

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NO_TIME = "1970-01-01T00:00:00+00:00"
"""The form asks for a date; exports hold none, so that they can be made again."""


def eaf_document(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as EAF: a tier each tier and author, and more where annotations of one overlap."""
    head = {"AUTHOR": "", "DATE": _NO_TIME, "FORMAT": "3.0", "VERSION": "3.0"}
    schema = {"xmlns:xsi": _XSI, "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"}
    root = ET.Element("ANNOTATION_DOCUMENT", head | schema)
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    kind = mimetypes.guess_type(video.path.name)[0] or "video/*"
    name = printable(video.path.name)  # ELAN looks for it in the folder of the document; exports name no folders
    ET.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=name, MIME_TYPE=kind, RELATIVE_MEDIA_URL=f"./{name}")
    slots = ET.SubElement(root, "TIME_ORDER")
    tiers = lanes(annotations, lambda annotation: annotation.full_tier, lambda annotation: whole(video, annotation))
    times = sorted({round(time) for cues in tiers.values() for start, stop, _ in cues for time in (start, stop)})
    names = {time: f"ts{n}" for n, time in enumerate(times, start=1)}
    for time, name in names.items():
        ET.SubElement(slots, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(time))
    number = 0
    for (name, lane), cues in tiers.items():
        author = {"PARTICIPANT": printable(cues[0][2].author)} if cues[0][2].author else {}
        tier = ET.SubElement(root, "TIER", author, LINGUISTIC_TYPE_REF="default", TIER_ID=lane_name(name, lane))
        for start, stop, annotation in cues:
            number += 1
            ends = {"TIME_SLOT_REF1": names[round(start)], "TIME_SLOT_REF2": names[round(stop)]}
            element = ET.SubElement(tier, "ANNOTATION")
            aligned = ET.SubElement(element, "ALIGNABLE_ANNOTATION", ends, ANNOTATION_ID=f"a{number}")
            ET.SubElement(aligned, "ANNOTATION_VALUE").text = annotation.line
    ET.SubElement(
        root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="default", TIME_ALIGNABLE="true"
    )
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
