"""The script that is sent before an interrupted job goes on, as long as nobody wrote another one into the settings.

Invariants: nothing moves before the bed is warm (parts stay where they are) and before plastic that holds the nozzle is
soft; the head is lifted before it travels; Z is never homed onto the parts; nothing is extruded but the priming.
"""

from __future__ import annotations

NAME = "beforeJobResumedAfterInterruption"
"""Its name among the scripts of the settings."""

DEFAULT = """\
; the bed and the chamber first: parts come loose from a cold bed
{% if resume.targets.bed %}
M140 S{{ resume.targets.bed }}
{% endif %}
{% if resume.targets.chamber %}
M141 S{{ resume.targets.chamber }}
M191 S{{ resume.targets.chamber }}
{% endif %}
{% if resume.targets.bed %}
M190 S{{ resume.targets.bed }}
{% endif %}
; the nozzle may stick to the part: soft before anything moves
{% if resume.soften %}
M109{{ resume.tool_word }} S{{ resume.soften }}
{% endif %}
G21
{% if resume.homing == "all" %}
G28
{% else %}
; the head stands where a person confirmed that it stands
G92{{ resume.standing_words }}
{% if resume.lift %}
G91
G0 Z{{ resume.lift }} F{{ resume.speed_z }}
{% endif %}
{% if resume.homing == "xy" %}
G28 X0 Y0
{% endif %}
{% endif %}
{% for line in resume.heat %}
{{ line }}
{% endfor %}
{% if resume.several_tools %}
T{{ resume.tool }}
{% endif %}
{% if resume.prime %}
M83
G1 E{{ resume.prime }} F{{ resume.speed_e }}
{% endif %}
; above the place first, then down
G90
{% if resume.travel_z is not none %}
G0 Z{{ resume.travel_z }} F{{ resume.speed_z }}
{% endif %}
{% if resume.place_words %}
G0{{ resume.place_words }} F{{ resume.speed_xy }}
{% endif %}
{% if resume.place_z is not none %}
G0 Z{{ resume.place_z }} F{{ resume.speed_z }}
{% endif %}
{% for line in resume.tuning %}
{{ line }}
{% endfor %}
; modes, extruder position (nothing is extruded twice), feed rate and fans as in the file
{% for line in resume.modes %}
{{ line }}
{% endfor %}
"""
