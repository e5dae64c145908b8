"""The process that sets pages: a job as JSON comes on stdin, the PDF goes to stdout.

Data reaches the template as one JSON text, so that no text in it is ever read as markup. The
template sees its own folder and the fonts beside it, no other file and no network.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Literal

import typst

HERE = Path(__file__).parent
MEMORY = 2**31
CPU_SECONDS = 30
STANDARD: Literal["a-2a"] = "a-2a"


def main() -> int:
    """Set one job; 0 when it was done, else the reason stands on stderr."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = json.load(sys.stdin.buffer)
    try:
        sys.stdout.buffer.write(pages(job["template"], job["data"], job["at"]))
    except typst.TypstError as error:
        sys.stderr.write(error.message)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the other process tells it
        sys.stderr.write(f"{type(error).__name__}: {error}")
        return 1
    return 0


def pages(template: str, data: object, at: int) -> bytes:
    """The PDF of a template of ours; `at` is the moment it bears, in seconds since 1970."""
    with tempfile.TemporaryDirectory() as nothing:
        compiler: typst.Compiler = typst.Compiler(
            str(HERE / f"{template}.typ"),
            root=str(HERE),
            font_paths=[str(HERE / "fonts")],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data)},
            package_path=nothing,
            package_cache_path=nothing,
        )
        made = compiler.compile(format="pdf", pdf_standards=STANDARD, timestamp=at)
    if not isinstance(made, bytes):
        raise TypeError("no page was made")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
