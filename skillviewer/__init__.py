"""SkillViewer: assess manipulation skill from video, and see why.

The public names are listed in ``__init__.pyi`` and imported on first use (SPEC 1), so ``import skillviewer`` loads
neither numpy, torch nor Qt. docs/scripting.md describes them. All other modules are internal and may move.
"""

from warnings import warn

import lazy_loader

_get_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_RENAMED = {
    "Attended": "FrameAttention",
    "DatasetForm": "DatasetFormat",
    "Exhibit": "AnalysedVideo",
    "Look": "MapStyle",
    "aside": "atomic_output",
}
"""Deprecated names, kept for one version."""


def __getattr__(name: str) -> object:
    if name in _RENAMED:
        warn(f"skillviewer.{name} is now skillviewer.{_RENAMED[name]}", DeprecationWarning, stacklevel=2)
        name = _RENAMED[name]
    return _get_public(name)
