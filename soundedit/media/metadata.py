"""What a finished file says of itself: title, how it was made, and that its pictures are synthetic.

The content credential is an XMP packet (ISO 16684-1) with the IPTC digital source type
"trainedAlgorithmicMedia", placed where XMP part 3 puts it in each kind of file. Matroska and WebM
have no place for XMP; there it is a tag.
"""

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from soundedit.media.webp import extend_webp

SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
# Readers of GIF that skip sub-blocks of any length end up at the terminator.
_GIF_MAGIC_TRAILER = bytes([1, *range(255, -1, -1), 0])
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_START = 8 + 25
_COPY = 1 << 20


@dataclass(frozen=True)
class Metadata:
    """`title` and `comment` as plain text; `tool` is the program with its version."""

    title: str
    comment: str
    tool: str

    def tags(self, suffix: str) -> list[str]:
        """ffmpeg's `-metadata` pairs for a container."""
        tags = [f"title={self.title}", f"comment={self.comment}"]
        if suffix == ".webm":
            tags += [f"software={self.tool}", f"digital_source_type={SYNTHETIC}"]
        return tags

    def xmp(self) -> bytes:
        """The XMP packet, UTF-8."""

        def text(name: str, value: str) -> str:
            item = f'<rdf:li xml:lang="x-default">{escape(_printable(value))}</rdf:li>'
            return f"<dc:{name}><rdf:Alt>{item}</rdf:Alt></dc:{name}>"

        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
            'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
            f"xmp:CreatorTool={quoteattr(_printable(self.tool))} "
            f"Iptc4xmpExt:DigitalSourceType={quoteattr(SYNTHETIC)}>"
            f"{text('title', self.title)}{text('description', self.comment)}"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        ).encode()


def add_credential(path: Path, metadata: Metadata) -> None:
    """Add the XMP packet to a finished file, by its suffix; OSError if that fails."""
    kinds: dict[str, Callable[[Path, Metadata], None]] = {
        ".mp4": _to_mp4,
        ".mov": _to_mp4,
        ".gif": _to_gif,
        ".webp": _to_webp,
        ".png": _to_png,
        ".jpg": _to_jpeg,
    }
    add = kinds.get(path.suffix.lower())
    if add is not None:
        add(path, metadata)


def _printable(text: str) -> str:
    """Without the control characters and surrogates that XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not 0xD800 <= ord(c) < 0xE000))


def _to_mp4(path: Path, metadata: Metadata) -> None:
    packet = metadata.xmp()
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + _XMP_UUID + packet)


def _to_gif(path: Path, metadata: Metadata) -> None:
    comment = metadata.comment.encode("utf-8", "replace")
    blocks = [comment[i : i + 255] for i in range(0, len(comment), 255)]
    said = b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    with path.open("rb") as file:
        head = file.read(13)
        # The global colour table follows the screen descriptor.
        at = 13 + (3 * 2 ** ((head[10] & 7) + 1) if head[10] & 0x80 else 0)
    _insert(path, at, said + _GIF_XMP + metadata.xmp() + _GIF_MAGIC_TRAILER)


def _to_webp(path: Path, metadata: Metadata) -> None:
    packet = metadata.xmp()
    extend_webp(path)
    with path.open("r+b") as file:
        file.seek(20)
        flags = file.read(1)[0]
        file.seek(20)
        file.write(bytes([flags | 4]))
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<4sI", b"XMP ", len(packet)) + packet + b"\0" * (len(packet) % 2))
        whole = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", whole))


def _to_png(path: Path, metadata: Metadata) -> None:
    chunks = b"".join(
        _png_text(name, text)
        for name, text in (
            ("Title", metadata.title.encode("utf-8", "replace")),
            ("Comment", metadata.comment.encode("utf-8", "replace")),
            ("Software", metadata.tool.encode("utf-8", "replace")),
            ("XML:com.adobe.xmp", metadata.xmp()),
        )
    )
    data = path.read_bytes()
    path.write_bytes(data[:_PNG_START] + chunks + data[_PNG_START:])


def _png_text(name: str, text: bytes) -> bytes:
    body = b"iTXt" + name.encode() + b"\0\0\0\0\0" + text
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _to_jpeg(path: Path, metadata: Metadata) -> None:
    body = _JPEG_XMP + metadata.xmp()
    data = path.read_bytes()
    # After the start of the image and the JFIF segment, which must come first.
    at = 4 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 2
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    path.write_bytes(data[:at] + segment + data[at:])


def _insert(path: Path, at: int, more: bytes) -> None:
    other = path.with_suffix(".tagged" + path.suffix)
    try:
        with path.open("rb") as old, other.open("wb") as new:
            new.write(old.read(at) + more)
            while block := old.read(_COPY):
                new.write(block)
        other.replace(path)
    finally:
        other.unlink(missing_ok=True)
