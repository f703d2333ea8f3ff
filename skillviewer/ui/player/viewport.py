"""Zoom and position of a picture in a widget."""

from dataclasses import dataclass, replace

MAX_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """Zoom and position of a picture. All lengths except the picture's size are in pixels of the widget."""

    width: float = 1.0  # width of the widget
    height: float = 1.0  # height of the widget
    picture_width: int = 1  # width of the picture in its own pixels
    picture_height: int = 1  # height of the picture in its own pixels
    zoom: float = 1.0  # 1 shows the whole picture; at most ``MAX_ZOOM``
    centre_x: float = 0.5  # point of the picture at the middle of the widget, 0 to 1 from the left
    centre_y: float = 0.5  # point of the picture at the middle of the widget, 0 to 1 from the top

    @property
    def scale(self) -> float:
        """Pixels of the widget for each pixel of the picture."""
        fit = min(self.width / max(self.picture_width, 1), self.height / max(self.picture_height, 1))
        return fit * self.zoom

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the whole picture, which may extend beyond the widget."""
        width = self.picture_width * self.scale
        height = self.picture_height * self.scale
        return self.width / 2 - self.centre_x * width, self.height / 2 - self.centre_y * height, width, height

    def clamped(self) -> "Viewport":
        """Return a copy in which a large picture fills the widget, and a small picture is centred."""
        _, _, width, height = self.rect
        centre_x = _clamped_centre(self.centre_x, self.width, width)
        centre_y = _clamped_centre(self.centre_y, self.height, height)
        return replace(self, centre_x=centre_x, centre_y=centre_y)

    def resized(self, width: float, height: float) -> "Viewport":
        """Return a copy for a widget of another size."""
        return replace(self, width=max(width, 1.0), height=max(height, 1.0)).clamped()

    def of_picture(self, width: int, height: int) -> "Viewport":
        """Return a copy for a picture of another size."""
        return replace(self, picture_width=width, picture_height=height).clamped()

    def zoomed(self, factor: float, x: float, y: float) -> "Viewport":
        """Return a copy zoomed by a factor, in which the point of the picture at a position of the widget stays."""
        zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        left, top, width, height = self.rect
        share_x = (x - left) / width
        share_y = (y - top) / height
        zoomed = replace(self, zoom=zoom)
        _, _, width, height = zoomed.rect
        centre_x = share_x - (x - self.width / 2) / width
        centre_y = share_y - (y - self.height / 2) / height
        return replace(zoomed, centre_x=centre_x, centre_y=centre_y).clamped()

    def panned(self, dx: float, dy: float) -> "Viewport":
        """Return a copy with the picture moved by an offset in pixels of the widget."""
        _, _, width, height = self.rect
        return replace(self, centre_x=self.centre_x - dx / width, centre_y=self.centre_y - dy / height).clamped()

    def fitted(self) -> "Viewport":
        """Return a copy that shows the whole picture."""
        return replace(self, zoom=1.0, centre_x=0.5, centre_y=0.5)


def _clamped_centre(centre: float, widget_size: float, picture_size: float) -> float:
    if picture_size <= widget_size:
        return 0.5
    half = widget_size / picture_size / 2
    return min(max(centre, half), 1 - half)
