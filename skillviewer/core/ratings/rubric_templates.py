"""Templates of rubrics, with the items and scales of published instruments.

The anchors paraphrase the published ones. The original wording, for studies that report the instrument, is in the
publication.
"""

from skillviewer.core.ratings.rubric import Anchor, Rubric, RubricItem


def _item(name: str, lowest: str, middle: str, highest: str) -> RubricItem:
    """Return an item from 1 to 5 with anchors at 1, 3 and 5."""
    return RubricItem(
        name, 1, high=5, step=1, question="", anchors=(Anchor(1, lowest), Anchor(3, middle), Anchor(5, highest))
    )


OVERALL = Rubric(
    "One overall rating",
    (_item("overall skill", "unsure, many errors", "competent, some errors", "expert, no errors"),),
    note="A single impression of the whole video.",
)
OSATS = Rubric(
    "OSATS global rating scale",
    (
        _item(
            "respect for tissue",
            "often needless force, or damage by wrong use of instruments",
            "careful, with occasional unintended damage",
            "handles tissue properly throughout, with very little damage",
        ),
        _item(
            "time and motion",
            "many needless moves",
            "efficient, with some needless moves",
            "no needless move, as efficient as possible",
        ),
        _item(
            "instrument handling",
            "keeps making hesitant or awkward moves",
            "competent, now and then stiff or awkward",
            "fluid, never awkward",
        ),
        _item(
            "knowledge of instruments",
            "often asks for or uses the wrong instrument",
            "knows most instruments and uses a suitable one",
            "clearly familiar with the instruments and their names",
        ),
        _item(
            "use of assistants",
            "places assistants badly or does not use them",
            "uses assistants well most of the time",
            "uses assistants to best advantage all the time",
        ),
        _item(
            "flow and forward planning",
            "often stops, or has to ask for the next step",
            "plans ahead somewhat, progresses steadily",
            "plainly planned, moves on from step to step without effort",
        ),
        _item(
            "knowledge of procedure",
            "lacks knowledge, needs instruction at most steps",
            "knows all important steps",
            "familiar with every part of the procedure",
        ),
    ),
    total="OSATS total",
    source="Martin et al., British Journal of Surgery 84 (1997) 273-278",
    note="Assistants and named instruments may not be visible: mark such items as not to be judged.",
)
GEARS = Rubric(
    "GEARS",
    (
        _item(
            "depth perception",
            "keeps overshooting the target, wide swings, slow to correct",
            "sometimes overshoots or misses, corrects quickly",
            "goes straight to the target in the right plane",
        ),
        _item(
            "bimanual dexterity",
            "one hand only, badly coordinated",
            "both hands, which do not support each other as well as they could",
            "both hands complement each other expertly",
        ),
        _item(
            "efficiency",
            "hesitant moves, changes focus or persists without progress",
            "slow, but planned and reasonably organised",
            "confident and safe, stays on the task, progresses fluidly",
        ),
        _item(
            "force sensitivity",
            "rough, tears tissue, injures what is near, breaks sutures often",
            "reasonable, little trauma to what is near, sutures rarely break",
            "right tension, negligible injury, no broken suture",
        ),
        _item(
            "autonomy",
            "cannot complete the task even with guidance",
            "completes it safely with some guidance",
            "completes it alone without prompting",
        ),
        _item(
            "robotic control",
            "poor view or hand position, collides again and again",
            "view or arms sometimes to be corrected, occasional collisions",
            "best view and hand position without help, hardly a collision",
        ),
    ),
    total="GEARS total",
    source="Goh et al., Journal of Urology 187 (2012) 247-252",
    note="Guidance given by voice cannot be heard: mark autonomy as not to be judged where it matters.",
)
TEMPLATES = {"overall": OVERALL, "osats": OSATS, "gears": GEARS}
"""Templates by their names on the command line."""
