"""Reader of ELAN documents (EAF 2.7 to 3.0). Entities and DTDs are refused."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from skillviewer.core.timelines.annotation import Annotation, without_lane

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_eaf(path: Path, file_name: str) -> list[Annotation]:
    """Return the annotations of an ELAN document; those that refer to others have the times of these.

    Time slots without a time are spread evenly between their neighbours, as ELAN shows them. Times count from the start
    of the video, also if ELAN plays it with an offset.

    Raises:
        ValueError: It is no ELAN document.
        xml.etree.ElementTree.ParseError: It is no XML.
    """
    try:
        root: Element = fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("it declares entities or a document type, which no ELAN document does") from None
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"its root is <{root.tag}> and not <ANNOTATION_DOCUMENT>")
    times_s, spans = _times(root, _origin_ms(root, file_name)), dict[str, tuple[float, float]]()
    names, found = {tier.get("TIER_ID", "") for tier in root.iter("TIER")}, []
    waiting = [(tier, each) for tier in root.iter("TIER") for each in tier.findall("ANNOTATION/*")]
    while waiting:
        later = []
        for tier, each in waiting:
            ends = [times_s.get(each.get(f"TIME_SLOT_REF{n}", "")) for n in (1, 2)]
            span = spans.get(each.get("ANNOTATION_REF", "")) if None in ends else (ends[0] or 0.0, ends[1] or 0.0)
            if span is None:
                later.append((tier, each))
                continue
            spans[each.get("ANNOTATION_ID", "")] = span
            author = tier.get("PARTICIPANT") or tier.get("ANNOTATOR") or ""
            name = without_lane(tier.get("TIER_ID", ""), names).removesuffix(f" – {author}")
            found.append(Annotation(name, *span, each.findtext("ANNOTATION_VALUE") or "", author))
        if len(later) == len(waiting):
            raise ValueError(f"{len(later)} of its annotations refer to none, and to no time")
        waiting = later
    return found


def _origin_ms(root: "Element", file_name: str) -> int:
    """Return the offset with which ELAN plays the video of a name, else the first."""
    media = root.findall("HEADER/MEDIA_DESCRIPTOR")
    named = [one for one in media if one.get("MEDIA_URL", "").endswith(f"/{file_name}")]
    return int((named or media)[0].get("TIME_ORIGIN", "0")) if media else 0


def _times(root: "Element", origin_ms: int) -> dict[str, float]:
    """Return the time of every time slot in seconds."""
    slots = root.findall("TIME_ORDER/TIME_SLOT")
    known = [(at, int(slot.get("TIME_VALUE", ""))) for at, slot in enumerate(slots) if slot.get("TIME_VALUE")]
    if slots and not known:
        raise ValueError("none of its time slots has a time")
    at, values = zip(*known, strict=True) if known else ((0,), (0,))
    times_ms = np.interp(np.arange(len(slots)), at, np.array(values, dtype=np.float64) + origin_ms)
    return {slot.get("TIME_SLOT_ID", ""): float(ms) / 1000 for slot, ms in zip(slots, times_ms, strict=True)}
