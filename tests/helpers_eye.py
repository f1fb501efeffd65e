"""Looks at pages in all sizes and both schemes: nothing that keeps people out, nothing that scrolls sideways, nothing
that is too small for a finger; and leaves pictures in `build/screenshots` where somebody wants to look for themselves.
"""

from pathlib import Path

from playwright.sync_api import Page

from helpers_page import serious_violations, small_targets

PICTURES = Path(__file__).parents[1] / "build" / "screenshots"
SIZES = {"phone": (360, 640), "touch": (800, 480), "desktop": (1440, 900)}
TABLET = {"tablet": (820, 1180)}
SCHEMES = ("light", "dark")
QUICK = {("phone", "light"), ("desktop", "dark")}
"""Where axe-core looks when nobody waits for pictures: each scheme and each layout once."""


class Eye:
    """Looks at a page in all sizes and both schemes, and keeps in mind what is wrong."""

    def __init__(self, page: Page, *, pictures: bool):
        self.page = page
        self.pictures = pictures
        self.sizes = SIZES
        self.problems: list[str] = []

    def look(self, name: str, *, whole=False):
        for size in self.sizes:
            self._resize(size)
            for scheme in SCHEMES:
                if self.pictures or (size, scheme) in QUICK:
                    self._look_at(name, size, scheme, whole=whole)
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.problems.append(f"{name} {size}: {wide} px too wide")
            self.problems += [f"{name} {size}: {found}" for found in small_targets(self.page)]
        self._resize("desktop")

    def _resize(self, size: str):
        width, height = self.sizes[size]
        self.page.set_viewport_size({"width": width, "height": height})

    def _look_at(self, name: str, size: str, scheme: str, *, whole: bool):
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.wait_for_timeout(350 if self.pictures else 100)
        if self.pictures:
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}-{size}-{scheme}.png")
            if whole:
                self.page.screenshot(path=PICTURES / f"{name}-whole-{size}-{scheme}.png", full_page=True)
        self.problems += [f"{name} {size} {scheme}: {found}"[:420] for found in serious_violations(self.page)]
