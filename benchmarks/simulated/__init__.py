"""The simulated study: a robot arm does one task with known skill, seen by a camera and judged by noisy raters.

``python -m benchmarks.simulated --help``. Everything is drawn from one seed. ``tasks``, ``degrade``, ``distractor``,
``raters``, ``study`` and ``ceilings`` need numpy and scipy alone; ``simulate`` needs Meta-World, ``render`` MuJoCo and
PyAV (the extra ``simulate``).
"""
