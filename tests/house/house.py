#!/usr/bin/env python3
"""Checks that the house stands as drawn. house.py [--root DIR] [--build DIR] CHECK...; prints each fault as FILE:LINE: SENTENCE, exit 1."""
import argparse
import pathlib
import re
import subprocess
import sys

import cpp
import plan


def files(root, *suffixes):
    """Committed or about-to-be-committed files with one of the suffixes (all without), as (path from the root, text)."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, text=True)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:  # an exported tree
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.relative_to(root).parts[0] not in ("build", ".git")]
    for name in sorted(set(names)):
        path = root / name
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # not text


def within(name, place):
    """Is the file in the room (or the room's file, given with or without its suffix)?"""
    return name == place or name.startswith(place + "/") or name.rsplit(".", 1)[0] == place


def room_of(name):
    """The longest room of the plan that holds the file, or None."""
    return max((room for room in plan.ARROWS if within(name, room)), key=len, default=None)


def may_include(name, included):
    """Why the file must not include the other, or None."""
    if name.startswith("tests/"):
        return None
    room, target = room_of(name), room_of(included)
    if room is None:
        return "is in no room of the plan (tests/house/plan.py), but holds code"
    if included.startswith("tests/"):
        return "nothing may include tests/"
    if target in (room, "base"):
        return None
    if any(included == place or target == place for place in plan.ARROWS[room]):
        return None
    return f"{room} may not include {included}"


def arrows(root, _build):
    for name, text in files(root, ".hpp", ".cpp"):
        for line, included, quoted in cpp.includes(text):
            if not quoted:
                continue
            if not (root / included).is_file():
                yield name, line, f'"{included}" is not a path from the repository\'s root'
            elif why := may_include(name, included):
                yield name, line, why


def lengths(root, _build):
    for name, text in files(root, ".hpp", ".cpp", ".py", ".cmake"):
        count = text.count("\n")
        if count > plan.MAX_FILE_LINES:
            yield name, count, f"has {count} lines, {plan.MAX_FILE_LINES} are allowed"
        if name.endswith(".hpp"):
            lines = text.split("\n")
            if not re.match(r"// .*[.?!]( |$)", lines[0]):
                yield name, 1, "line 1 of a header begins with a // sentence saying what the file is for"
            if "#pragma once" not in lines:
                yield name, 1, "has no #pragma once"
        if name.endswith((".hpp", ".cpp")):
            yield from long_functions(name, text)


def long_functions(name, text):
    try:
        for first, last in cpp.functions(text):
            if last - first + 1 > plan.MAX_FUNCTION_LINES:
                yield name, first, f"a function of {last - first + 1} lines, {plan.MAX_FUNCTION_LINES} are allowed"
    except ValueError as error:
        yield name, 1, f"cannot be measured: {error}"


def purity(root, _build):
    for name, text in files(root, ".hpp", ".cpp"):
        if name.startswith("tests/"):
            continue
        pure = any(within(name, place) for place in plan.PURE)
        for line, words in enumerate(cpp.code(text).split("\n"), 1):
            if pure and (ban := next((ban for ban in plan.PURE_BANS if re.search(ban, words)), None)):
                yield name, line, f"a pure room may not say {re.search(ban, words).group(0)}"
            if name.endswith(".hpp") and re.search(plan.HEAVY, words):
                yield name, line, "a heavy library belongs into one .cpp, not into a header"
        if any(within(name, place) for place in plan.CORES):
            for line, included, quoted in cpp.includes(text):
                if not quoted and not re.fullmatch(r"[a-z_0-9]+", included):
                    yield name, line, f"<{included}> is not of the standard library: a core includes nothing else"


def pages(root, _build):
    rooms = {name.rsplit("/", 1)[0] for name, _ in files(root, ".cpp") if "/" in name and not name.startswith("tests/")}
    for room in sorted(rooms | {"docker"} if (root / "docker").is_dir() else rooms):
        page = root / room / "README.md"
        if not page.is_file():
            yield room, 1, "a room has a README.md"
        elif (count := page.read_text(encoding="utf-8").count("\n")) > plan.MAX_PAGE_LINES:
            yield f"{room}/README.md", count, f"has {count} lines, a page has at most {plan.MAX_PAGE_LINES}"


def words(root, _build):
    for name, text in files(root):
        for line, content in enumerate(text.split("\n"), 1):
            for trace in plan.WORKPLACE:
                if found := re.search(trace, content):
                    yield name, line, f"'{found.group(0)}' belongs to the workplace, not to the project"


def symbols(root, build):
    sources = [name for name, _ in files(root, ".cpp")]
    # discovery's fetching part is not pure, but shares the library; it has no clock or socket of its own either.
    for room in sorted({re.sub(r"^discovery/.*", "discovery", place) for place in plan.PURE}):
        if not any(name.rsplit("/", 1)[0] == room for name in sources):
            continue
        libraries = sorted((build / room).glob("*.a")) if build else []
        if not libraries:
            yield room, 1, f"no static library in {build}/{room}: build it first"
        for library in libraries:
            undefined = subprocess.run(["nm", "-uC", library], capture_output=True, text=True, check=True).stdout
            for symbol in sorted(set(re.findall(r"^\s+[Uw] (.*)$", undefined, re.M))):
                if not symbol.startswith("fluxpg::") and re.search(plan.SYMBOL_BANS, symbol):
                    yield room, 1, f"{library.name} calls {symbol}"


CHECKS = {check.__name__: check for check in (arrows, lengths, purity, pages, words, symbols)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("checks", nargs="+", choices=CHECKS)
    options = parser.parse_args()
    faults = [fault for check in options.checks for fault in CHECKS[check](options.root, options.build)]
    for name, line, sentence in faults:
        print(f"{name}:{line}: {sentence}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
