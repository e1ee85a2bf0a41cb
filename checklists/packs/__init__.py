"""The files of `library/`, read strictly: what is not understood is refused by name."""

from pathlib import Path

from checklists.packs.checklist import Pack, read_pack
from checklists.packs.help import HelpPack, read_help, read_help_lines
from checklists.packs.strict import PackError

LIBRARY = Path(__file__).resolve().parent.parent / "library"

__all__ = ["LIBRARY", "HelpPack", "Pack", "PackError", "read_help", "read_help_lines", "read_pack"]
