"""Writes `src/event/import/printable.bin`: which characters Python's `repr` shows as they are.

The lengths of runs from U+0080 on, by turns of characters that are not printable and that are; seven
bits a byte, the lowest first, the eighth bit on all but a number's last byte.
"""

import pathlib
import sys
import unicodedata

TARGET = pathlib.Path(__file__).parents[2] / "src/event/import/printable.bin"


def runs():
    length = 0
    printable = False
    for point in range(0x80, sys.maxunicode + 1):
        if chr(point).isprintable() != printable:
            yield length
            length = 0
            printable = not printable
        length += 1
    # What follows the last run is like it.


def main():
    out = bytearray()
    for length in runs():
        while length > 0x7F:
            out.append(length & 0x7F | 0x80)
            length >>= 7
        out.append(length)
    TARGET.write_bytes(out)
    print(f"{TARGET}: {len(out)} bytes, Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main()
