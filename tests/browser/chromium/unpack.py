"""Unpacks the browser of the npm package next to this file into a folder, with a script that starts it there."""

import io
import sys
import tarfile
from pathlib import Path

import brotli

LAUNCH = """#!/bin/sh
export LD_LIBRARY_PATH='{folder}/lib' FONTCONFIG_FILE='{folder}/fonts.conf'
exec '{folder}/chromium' "$@"
"""
FONTS = """<?xml version="1.0"?>
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>"""


def main(folder: Path) -> None:
    packed = Path("node_modules/@sparticuz/chromium/bin")
    browser = folder / "chromium"
    browser.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    for archive in packed.glob("*.tar.br"):
        if archive.name.startswith("al2."):
            continue
        with tarfile.open(fileobj=io.BytesIO(brotli.decompress(archive.read_bytes()))) as content:
            # The archive was checked against the lock file; older Pythons know no filter.
            content.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (folder / "fonts.conf").write_text(FONTS.format(folder=folder))
    launch = folder / "launch"
    launch.write_text(LAUNCH.format(folder=folder))
    for program in (browser, launch):
        program.chmod(0o755)


main(Path(sys.argv[1]).resolve())
