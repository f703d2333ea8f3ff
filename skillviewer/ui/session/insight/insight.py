"""Objects that the panels of Inspect share."""

from dataclasses import dataclass

from skillviewer.ui.session.insight.explanations import Explanations
from skillviewer.ui.session.insight.moment_tour import Tour
from skillviewer.ui.session.insight.remarks import VideoRemarks
from skillviewer.ui.session.insight.thumbnails import Pictures
from skillviewer.ui.session.insight.why_loader import WhyLoader


@dataclass(frozen=True, slots=True)
class Insight:
    """Evidence, remarks and findings on the video on screen.

    Attributes:
        explanations: Evidence.
        remarks: Moments that were kept, opinions and notes.
        inquiry: Findings on the Why page.
        pictures: Thumbnails of moments.
        tour: The way from moment to moment.
    """

    explanations: Explanations
    remarks: VideoRemarks
    inquiry: WhyLoader
    pictures: Pictures
    tour: Tour
