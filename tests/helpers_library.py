"""What the tests of the library and of the file routes share."""

from __future__ import annotations

from pathlib import Path

from mrdraw.library import FileEntry, Library
from mrdraw.store import Database


class Shelf:
    """A library in a folder of its own, with its database."""

    def __init__(self, folder: Path) -> None:
        self.uploads = folder / "uploads"
        self.database = Database(folder / "mrdraw.db")
        self.library = Library(self.uploads, self.database)

    def put(self, path: str, content: bytes = b"G28\n") -> Path:
        """Put a file there by hand."""
        target = self.uploads / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    async def store(self, path: str, content: bytes = b"G28\n", **known: object) -> FileEntry:
        upload = self.library.begin_upload()
        await upload.write(content)
        return await upload.finish(path, **known)  # type: ignore[arg-type]

    def everything(self) -> set[str]:
        """All files and folders there are, hidden ones as well, but not the empty hidden folder."""
        self.library.settle()
        found = {str(path.relative_to(self.uploads)) for path in self.uploads.rglob("*")}
        return found - {".uploads"}
