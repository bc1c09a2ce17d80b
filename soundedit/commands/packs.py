"""`soundedit packs`: which model packs there are, whether they are whole, and new ones."""

import argparse
from pathlib import Path
from typing import Any

from soundedit.commands import importing
from soundedit.commands.terminal import complain, print_json
from soundedit.errors import PackError
from soundedit.packs import default_pack, find_packs, read_pack_manifest, verify_pack


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the commands."""
    parser = commands.add_parser(
        "packs",
        help="list, verify or import model packs",
        description="List, verify or import model packs.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the packs that are found")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=run_list)
    verify = actions.add_parser("verify", help="check every file of packs")
    verify.add_argument("packs", metavar="PACK", nargs="*", help="folder or name (default: all)")
    verify.set_defaults(run=run_verify)
    importing.add_to(actions)


def run_list(args: argparse.Namespace) -> int:
    """Print each pack found, the one used by default first; files are not checked here."""
    rows = []
    for folder in find_packs():
        row: dict[str, Any] = {"path": str(folder), "name": folder.name}
        try:
            manifest = read_pack_manifest(folder)
            row |= {
                "title": manifest.title,
                "version": manifest.version,
                "resolution": manifest.resolution,
                "licence": manifest.licence,
            }
        except PackError as error:
            row["problem"] = str(error)
        rows.append(row)
    if args.json:
        print_json(rows)
    else:
        for row in rows:
            text = row.get("problem") or f"{row['version']}  {row['title']}  {row['path']}"
            print(f"{row['name']}  {text}")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Print `good` for each whole pack; one line on stderr for each thing that is wrong."""
    targets: list[str | Path] = list(args.packs or find_packs())
    if not targets:
        default_pack()
    bad = 0
    for target in targets:
        problems = verify_pack(target)
        for problem in problems:
            complain(problem)
        bad += bool(problems)
        if not problems:
            print(f"{target}: good")
    return 2 if bad else 0
