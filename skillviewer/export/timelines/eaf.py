"""Annotations of a video as an ELAN document (EAF 3.0, https://www.mpi.nl/tools/elan/EAFv3.0.xsd)."""

import mimetypes
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, interval_ms, lane_name, lanes
from skillviewer.core.video.info import VideoInfo

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NO_TIME = "1970-01-01T00:00:00+00:00"
"""Placeholder for the date that the format requires; exports hold no date, so that they can be made again."""


def eaf_document(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as EAF: a tier for each tier and author, and further ones for overlapping annotations."""
    attributes = {
        "AUTHOR": "",
        "DATE": _NO_TIME,
        "FORMAT": "3.0",
        "VERSION": "3.0",
        "xmlns:xsi": _XSI,
        "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
    }
    root = ET.Element("ANNOTATION_DOCUMENT", attributes)
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    media_type, _ = mimetypes.guess_type(video.path.name)
    if media_type is None:
        media_type = "video/*"
    file_name = printable(video.path.name)  # ELAN searches the folder of the document; exports name no folders
    ET.SubElement(
        header, "MEDIA_DESCRIPTOR", MEDIA_URL=file_name, MIME_TYPE=media_type, RELATIVE_MEDIA_URL=f"./{file_name}"
    )
    tiers = lanes(
        annotations, lambda annotation: annotation.full_tier, lambda annotation: interval_ms(video, annotation)
    )
    times_ms = set()
    for timed_annotations in tiers.values():
        for start_ms, stop_ms, _ in timed_annotations:
            times_ms |= {round(start_ms), round(stop_ms)}
    slot_ids = {time_ms: f"ts{number}" for number, time_ms in enumerate(sorted(times_ms), start=1)}
    time_order = ET.SubElement(root, "TIME_ORDER")
    for time_ms, slot_id in slot_ids.items():
        ET.SubElement(time_order, "TIME_SLOT", TIME_SLOT_ID=slot_id, TIME_VALUE=str(time_ms))
    n_annotations = 0
    for (tier_name, lane), timed_annotations in tiers.items():
        _, _, first_annotation = timed_annotations[0]
        first_author = first_annotation.author
        participant = {"PARTICIPANT": printable(first_author)} if first_author else {}
        tier_id = lane_name(tier_name, lane)
        tier = ET.SubElement(root, "TIER", participant, LINGUISTIC_TYPE_REF="default", TIER_ID=tier_id)
        for start_ms, stop_ms, annotation in timed_annotations:
            n_annotations += 1
            slots = {"TIME_SLOT_REF1": slot_ids[round(start_ms)], "TIME_SLOT_REF2": slot_ids[round(stop_ms)]}
            element = ET.SubElement(tier, "ANNOTATION")
            alignable_annotation = ET.SubElement(
                element, "ALIGNABLE_ANNOTATION", slots, ANNOTATION_ID=f"a{n_annotations}"
            )
            ET.SubElement(alignable_annotation, "ANNOTATION_VALUE").text = annotation.line
    ET.SubElement(
        root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="default", TIME_ALIGNABLE="true"
    )
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
