"""Reader of XML of other programs that refuses entities and document types."""

from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_xml(path: Path) -> "Element":
    """Return the root of an XML file.

    Raises:
        ValueError: The file declares entities or a document type.
        xml.etree.ElementTree.ParseError: The file is no XML.
    """
    try:
        root: Element = fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("it declares entities or a document type") from None
    return root
