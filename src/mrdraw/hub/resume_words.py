"""What a person has to know before an interrupted job goes on, in words.

Invariants: each is a pair of a stable key and a text; nothing is left out because it is inconvenient.
"""

from __future__ import annotations

from mrdraw.hub.resuming import HOME_XY, Plan, kinematics_of
from mrdraw.link.messages import ResumeOffer
from mrdraw.settings.profiles import ProfileTree

Told = tuple[str, str]

_PARTS = "Parts may have come loose from the bed while it was cold. Look at them and touch them before you go on."
_BY_HAND = "What was set by hand during the job (temperatures, speed, flow) is not known; what the file says is used."
_LIFTED = (
    "The head may have been lifted when the job ended. Look where it stands; a height that is too high would make the "
    "nozzle run into the parts."
)
_WATCH = (
    "X and Y are homed after the head was lifted. A firmware that refuses to move before it is homed does not lift: "
    "watch the first moves, a hand at the power switch."
)
_POWER = (
    "The last {seconds:g} s before the computer lost its power are not known: the machine may have executed up to "
    "{lines} lines more than were written down."
)
_UNSYNCED = 2.0


def unknown(offer: ResumeOffer, made: Plan, profile: ProfileTree, told: str) -> list[Told]:
    """What is not known."""
    place = made.place
    axes = ", ".join(axis.upper() for axis in "xyz" if axis not in place.position)
    heights = ", ".join(f"{height:g}" for height in sorted(offer.heights))
    drawn = place.layer > 0
    cases = [
        (True, "by-hand", _BY_HAND),
        (not offer.exact, "power", _POWER.format(seconds=_UNSYNCED, lines=offer.possible - offer.acknowledged)),
        (bool(axes), "position", f"The file does not say where {axes} was."),
        (len(offer.heights) > 1, "height", f"The head may stand at one of these heights: {heights} mm."),
        (drawn and profile.heated_bed and "bed" not in place.targets, "bed", "The file sets no bed temperature."),
        (drawn and f"tool{place.tool}" not in place.targets, "tool", "The file sets no temperature of the hot end."),
        (not kinematics_of(profile, told), "kinematics", "Neither the profile nor the firmware tells the kinematics."),
        (offer.homed is None, "homed", "Whether the machine was homed is not known."),
    ]
    return [(key, text) for wanted, key, text in cases if wanted]


def warnings(made: Plan) -> list[Told]:
    """What can go wrong."""
    height, standing = made.place.position.get("z"), made.standing.get("z")
    lower = height is not None and standing is not None and height < standing - 0.01
    down = f"The nozzle goes down to {height:g} mm. There must be nothing higher than that on the bed." if lower else ""
    cases = [
        (True, "parts", _PARTS),
        (lower, "lower", down),
        ("z" in made.axes, "lifted", _LIFTED),
        (made.homing == HOME_XY, "homing", _WATCH),
    ]
    return [(key, text) for wanted, key, text in cases if wanted]
