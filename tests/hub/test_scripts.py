"""The scripts of a job."""

import pytest

from mrdraw.errors import JobFailed
from mrdraw.hub.scripts import lines_of, render, render_job_scripts
from mrdraw.link.messages import Scripts

VARIABLES = {"printer_profile": {"extruders": 2, "name": "Big"}, "event": {"name": "a.gcode", "size": 7}}


def test_comments_and_empty_lines_go():
    assert lines_of("; all off\n\n  M104 S0 ; tool\n\t\nM140 S0\n;\n") == ("M104 S0", "M140 S0")


def test_each_script_has_its_field():
    texts = {
        "beforePrintStarted": "M117 {{ event.name }}", "afterPrintDone": "M84", "afterPrintCancelled": "M107",
        "afterPrintPaused": "M300", "beforePrintResumed": "M117 {{ script.type }} {{ script.name }}",
        "afterPrinterConnected": "M110",
    }  # fmt: skip
    assert render_job_scripts(texts, VARIABLES) == Scripts(
        before_print_started=("M117 a.gcode",),
        after_print_done=("M84",),
        after_print_cancelled=("M107",),
        after_print_paused=("M300",),
        before_print_resumed=("M117 gcode beforePrintResumed",),
    )


def test_no_scripts():
    assert render_job_scripts({}, VARIABLES) == Scripts()
    assert render_job_scripts({"afterPrintDone": ""}, VARIABLES) == Scripts()


def test_loops_and_snippets():
    texts = {
        "afterPrintDone": "{% snippet 'off' %}\n{% include 'snippets/fan' %}\n",
        "snippets/off": "{% for tool in range(printer_profile.extruders) %}M104 T{{ tool }} S0\n{% endfor %}",
        "snippets/fan": "M107",
    }
    assert render(texts, "afterPrintDone", VARIABLES) == ("M104 T0 S0", "M104 T1 S0", "M107")


@pytest.mark.parametrize(
    "text",
    [
        "{% if %}", "{{ nothing_of_this_name }}", "{{ event.nothing }}", "{{ 1 / 0 }}", "{% snippet 'missing' %}",
        "{% snippet %}", "{{ ''.__class__.__mro__ }}", "{{ 'a' + 1 }}", "{{ event.update({'a': 1}) }}",
        "{{ range(10 ** 9) | list }}",
    ],
)  # fmt: skip
def test_what_cannot_be_rendered_refuses_the_start(text):
    with pytest.raises(JobFailed, match="script afterPrintDone"):
        render_job_scripts({"afterPrintDone": text}, VARIABLES)
