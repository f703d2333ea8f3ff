"""The part of a picture that is shown: zoom and place."""

from dataclasses import dataclass, replace

MAX_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A picture in a widget. All lengths except the size of the picture are in pixels of the widget."""

    width: float = 1.0  # width of the widget
    height: float = 1.0  # height of the widget
    picture_width: int = 1  # width of the picture in its own pixels
    picture_height: int = 1  # height of the picture
    zoom: float = 1.0  # 1 fits the whole picture in; at most ``MAX_ZOOM``
    centre_x: float = 0.5  # place of the picture that is in the middle of the widget, 0 to 1 from its left
    centre_y: float = 0.5  # the same from its top

    @property
    def scale(self) -> float:
        """Pixels of the widget for each pixel of the picture."""
        fit = min(self.width / max(self.picture_width, 1), self.height / max(self.picture_height, 1))
        return fit * self.zoom

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the whole picture; parts may lie outside of the widget."""
        w, h = self.picture_width * self.scale, self.picture_height * self.scale
        return (self.width / 2 - self.centre_x * w, self.height / 2 - self.centre_y * h, w, h)

    def clamped(self) -> "Viewport":
        """Return the same with the picture kept in sight: centred where it is smaller than the widget."""
        w, h = self.picture_width * self.scale, self.picture_height * self.scale
        return replace(
            self, centre_x=_clamped(self.centre_x, self.width, w), centre_y=_clamped(self.centre_y, self.height, h)
        )

    def resized(self, width: float, height: float) -> "Viewport":
        """Return the same in a widget of another size."""
        return replace(self, width=max(width, 1.0), height=max(height, 1.0)).clamped()

    def of_picture(self, width: int, height: int) -> "Viewport":
        """Return the same zoom and place for a picture of another size."""
        return replace(self, picture_width=width, picture_height=height).clamped()

    def zoomed(self, factor: float, x: float, y: float) -> "Viewport":
        """Return it zoomed by a factor, with what lies under a point of the widget kept there."""
        zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        left, top, w, h = self.rect
        u, v = (x - left) / w, (y - top) / h
        bigger = replace(self, zoom=zoom)
        _, _, w, h = bigger.rect
        return replace(bigger, centre_x=u - (x - self.width / 2) / w, centre_y=v - (y - self.height / 2) / h).clamped()

    def panned(self, dx: float, dy: float) -> "Viewport":
        """Return it with the picture moved by a way in the widget's pixels."""
        _, _, w, h = self.rect
        return replace(self, centre_x=self.centre_x - dx / w, centre_y=self.centre_y - dy / h).clamped()

    def fitted(self) -> "Viewport":
        """Return it with the whole picture in sight."""
        return replace(self, zoom=1.0, centre_x=0.5, centre_y=0.5)


def _clamped(centre: float, room: float, size: float) -> float:
    if size <= room:
        return 0.5
    half = room / size / 2
    return min(max(centre, half), 1 - half)
