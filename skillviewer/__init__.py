"""SkillViewer: assess manipulation skill from video, and see why."""

__version__ = "0.1.0"
