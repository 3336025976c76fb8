"""From a file's bytes to text: UTF-8 alone, and what the file is instead where it is something else."""

from __future__ import annotations

from specdl.spec.text import Fault

SHOWN = 2000
"""Bytes of a file in another encoding that are decoded, to show its first line."""
MARKS = (
    (b"\xff\xfe\0\0", "utf-32", "UTF-32"),
    (b"\0\0\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
"""Byte order marks, longest first."""
BINARY = {
    b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"\x93NUMPY": "an array of numpy",
    b"\x80\x02": "a pickle", b"\x80\x04": "a pickle", b"\x80\x05": "a pickle",
    b"\x89HDF": "an HDF5 file", b"%PDF": "a PDF", b"\x7fELF": "a program",
}  # fmt: skip
"""How files begin that are no text."""
POWERSHELL = "PowerShell's `>` writes UTF-16; `| Out-File -Encoding utf8` writes UTF-8"
HELP = "save the file as UTF-8"


def decoded(data: bytes) -> tuple[str, Fault | None]:
    """The text of a file, with or without a byte order mark; of one that is no UTF-8 what can be shown."""
    for begin, kind in BINARY.items():
        if data.startswith(begin):
            return "\N{REPLACEMENT CHARACTER}", Fault("E002", f"this is {kind}, and no text", (0, 1))
    for mark, codec, name in MARKS:
        if data.startswith(mark):
            return other(data, codec, f"this is {name}, as its first bytes say, and a spec is UTF-8")
    guess = without_mark(data)
    if guess:
        return other(data, guess, "this is UTF-16, and a spec is UTF-8")
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        return broken(data, error.start)


def other(data: bytes, codec: str, message: str) -> tuple[str, Fault]:
    """The first lines of a file in an encoding that was recognised, and the fault."""
    shown = data[:SHOWN].decode(codec, errors="replace") or "\N{REPLACEMENT CHARACTER}"
    notes = ((POWERSHELL, None),) if "16" in codec else ()
    return shown, Fault("E002", message, (0, 1), HELP, notes)


def without_mark(data: bytes) -> str | None:
    """The codec of UTF-16 that has no byte order mark: every other byte of ASCII is zero."""
    begin = data[:SHOWN]
    half = len(begin) // 2
    if half > 1 and begin[1::2].count(0) > half * 0.8:
        return "utf-16-le"
    if half > 1 and begin[0::2].count(0) > half * 0.8:
        return "utf-16-be"
    return None


def broken(data: bytes, at: int) -> tuple[str, Fault]:
    """The fault at the first byte that fits no character, and the text around it."""
    before = data[:at].decode("utf-8-sig", errors="replace")
    end = data.find(b"\n", at)
    after = data[at + 1 : len(data) if end < 0 else end].decode("utf-8", errors="replace")
    byte = data[at : at + 1]
    message = f"this is no UTF-8: byte 0x{byte.hex()} at offset {at:,}"
    meant = byte.decode("cp1252", errors="replace")
    notes = ((f"in Windows-1252 it is `{meant}`", None),) if meant.isalpha() else ()
    fault = Fault("E002", message, (len(before), len(before) + 1), HELP, notes)
    return f"{before}\N{REPLACEMENT CHARACTER}{after}", fault
