"""Make _static/STIXTwoMath-subset.woff2, the font of the book's formulas.

Run by hand, once, where the font has to change; the build does not need it:

    pip install fonttools brotli
    pip download --no-deps ziamath==0.13 && unzip ziamath-*.whl
    python make_font.py ziamath/fonts/STIXTwoMath-Regular.ttf

It keeps the letters, signs and growing brackets that TeX's mathematics uses,
and drops the other three quarters of the font: scripts, dingbats, emoji.
"""
import sys
from pathlib import Path

from fontTools import subset

# Latin, Greek, punctuation, super- and subscripts, letterlike signs, arrows,
# operators, brackets, the alphabets of mathematics that docutils writes.
RANGES = [
    (0x20, 0x17F), (0x2B0, 0x2FF), (0x300, 0x338), (0x370, 0x3F6),
    (0x2000, 0x206F), (0x2070, 0x209C), (0x20D0, 0x20EF), (0x2100, 0x214F),
    (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x230B), (0x239B, 0x23B7),
    (0x23DC, 0x23E1), (0x25A0, 0x25FF), (0x27C2, 0x27C2), (0x27E6, 0x27EF),
    (0x27F5, 0x27FF), (0x2A00, 0x2A0C), (0x2A7D, 0x2A7E), (0x2AAF, 0x2AB0),
    (0x1D400, 0x1D503), (0x1D538, 0x1D56B), (0x1D6A4, 0x1D7FF)]


def main(source):
    """Write the subset of one font file beside this script."""
    options = subset.Options(
        flavor="woff2", layout_features=["ssty", "dtls", "flac", "ccmp"],
        name_IDs=["*"], notdef_outline=True, hinting=False)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES
                                 for code in range(first, last + 1)])
    subsetter.subset(font)
    target = Path(__file__).parent.parent / "_static" / \
        "STIXTwoMath-subset.woff2"
    font["head"].modified = font["head"].created        # the same bytes
    font.recalcTimestamp = False                        # every time
    subset.save_font(font, target, options)
    print(target.stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
