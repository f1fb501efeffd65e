"""Fixtures: one browser and one server for each module."""

import pytest
from playwright.sync_api import sync_playwright

from helpers_drawings import rosette, square
from helpers_eye import Eye
from helpers_page import CHROMIUM, FLAGS, STATIC, served_page


@pytest.fixture(scope="module")
def browser():
    """Ended with its module: as long as it lives, its event loop keeps others from running in this thread."""
    assert (STATIC / "index.html").exists(), "the page was not built: make ui"
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("served"), "--simulate", "marlin") as one:
        yield one


@pytest.fixture
def page(browser):
    """A page at the size of a laptop; whatever goes wrong inside it fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong, wrong


@pytest.fixture(params=[pytest.param("quick"), pytest.param("pictures", marks=pytest.mark.slow)])
def eye(request, page):
    """Looks at the page, quickly or with pictures; what it found wrong fails the test at its end."""
    eye = Eye(page, pictures=request.param == "pictures")
    yield eye
    assert not eye.problems, "\n".join(eye.problems)


@pytest.fixture(scope="session")
def drawing(tmp_path_factory):
    """A file that takes a while."""
    return rosette(tmp_path_factory.mktemp("files") / "rosette.gcode", layers=12)


@pytest.fixture(scope="session")
def short_drawing(tmp_path_factory):
    """A file that is soon done."""
    return square(tmp_path_factory.mktemp("files") / "square.gcode")
