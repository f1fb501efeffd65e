"""The stored files: folders, what is known of each file, uploads."""

from mrdraw.library.entries import Entry, FileEntry, FolderEntry
from mrdraw.library.library import Library
from mrdraw.library.names import EXTENSIONS, clean_file_path, clean_name, clean_path, is_printable
from mrdraw.library.tree import Listing
from mrdraw.library.upload import Upload

__all__ = [
    "EXTENSIONS",
    "Entry",
    "FileEntry",
    "FolderEntry",
    "Library",
    "Listing",
    "Upload",
    "clean_file_path",
    "clean_name",
    "clean_path",
    "is_printable",
]
