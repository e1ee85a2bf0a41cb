"""Sets one sheet, read as JSON from its input, and writes the PDF to its output. Run by `frontend.paper`, alone.

It stands on its own feet: nothing of the app, of Django or of the environment is here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typst

HERE = Path(__file__).resolve().parent
# The first is PDF/UA-1 (ISO 14289-1), which a screen reader can follow; it refuses what it is not sure of, and a tagged
# PDF without the promise is better than none.
PROMISES: tuple[list[typst.PDFStandard], ...] = (["ua-1"], [])


def main() -> None:
    words = sys.stdin.buffer.read().decode()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE])
    for promise in PROMISES:
        compiler = typst.Compiler(
            HERE / "sheet.typ",
            root=HERE,
            font_paths=fonts,
            ignore_system_fonts=True,
            sys_inputs={"sheet": words},
        )
        try:
            made = compiler.compile(format="pdf", pdf_standards=promise)
        except typst.TypstError:
            continue
        if isinstance(made, bytes):
            sys.stdout.buffer.write(made)
            return
    sys.exit(1)


if __name__ == "__main__":
    main()
