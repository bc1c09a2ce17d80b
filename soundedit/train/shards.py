"""Tar shards as WebDataset has them: the files of a sample share a name, and one says its class.

Beside `00042.jpg` or `00042.flac` lies `00042.cls` or `00042.txt` with the class, or `00042.json`
with "class" and, where they are known, "split" and "recording"; else the folder in the shard is
the class. Names in archives are not trusted: what is unpacked gets names of our own.
"""

import hashlib
import json
import logging
import shutil
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

import platformdirs

from soundedit.media.whole import write_whole

log = logging.getLogger(__name__)
_TOLD_BY = (".cls", ".txt", ".json")


def shard_files(source: Path) -> list[Path]:
    """The shards that a path names, in order: itself, those below a folder, or of a pattern."""
    if source.is_dir():
        return sorted(source.rglob("*.tar"))
    if source.suffix.lower() != ".tar":
        return []
    if source.is_file():
        return [source]
    return sorted(source.parent.glob(source.name))


def samples(
    shard: tarfile.TarFile, suffixes: Collection[str]
) -> Iterator[tuple[tarfile.TarInfo, dict[str, str]]]:
    """The members with one of `suffixes`, and what is said of each; "class" may be empty."""
    members = [m for m in shard.getmembers() if m.isfile()]
    by_name = {m.name: m for m in members}
    for member in members:
        path = PurePosixPath(member.name)
        if path.suffix.lower() not in suffixes:
            continue
        facts: dict[str, str] = {}
        for suffix in _TOLD_BY:
            label = by_name.get(str(path.with_suffix(suffix)))
            if label is not None:
                facts = _facts(shard, label)
                break
        yield member, {**facts, "class": facts.get("class") or path.parent.name}


def extract(shard: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> None:
    """Write a member's content to `file`."""
    source = shard.extractfile(member)
    assert source is not None
    with file.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)


def unpacked(
    source: Path, suffixes: Collection[str], cache: Path | None = None
) -> list[tuple[Path, dict[str, str]]]:
    """Files of the shards that `source` names, unpacked once below `cache`, and what is said of
    each. A shard that cannot be read is reported and skipped.

    The default for `cache` is the person's own cache folder.
    """
    if cache is None:
        cache = Path(platformdirs.user_cache_dir("soundedit", appauthor=False)) / "shards"
    found: list[tuple[Path, dict[str, str]]] = []
    for shard in shard_files(source):
        stat = shard.stat()
        said = [str(shard.resolve()), stat.st_size, stat.st_mtime_ns, sorted(suffixes)]
        folder = cache / hashlib.sha256(repr(said).encode()).hexdigest()[:24]
        listing = folder / "index.json"
        if not listing.exists():
            try:
                rows = _unpack(shard, suffixes, folder)
            except (tarfile.TarError, EOFError, OSError) as error:
                log.warning("skipped %s: %s", shard.name, error)
                shutil.rmtree(folder, ignore_errors=True)
                continue
            write_whole(listing, json.dumps(rows).encode())
        rows = json.loads(listing.read_text(encoding="utf-8"))
        found += [(folder / name, facts) for name, facts in rows]
    return found


def _unpack(
    shard: Path, suffixes: Collection[str], folder: Path
) -> list[tuple[str, dict[str, str]]]:
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, dict[str, str]]] = []
    with tarfile.open(shard) as archive:
        for member, facts in samples(archive, suffixes):
            name = f"{len(rows):06d}{PurePosixPath(member.name).suffix.lower()}"
            extract(archive, member, folder / name)
            rows.append((name, facts))
    return rows


def _facts(shard: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, str]:
    source = shard.extractfile(member)
    assert source is not None
    text = source.read().decode("utf-8", "replace").strip()
    if not member.name.endswith(".json"):
        return {"class": text}
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in content.items()} if isinstance(content, dict) else {}
