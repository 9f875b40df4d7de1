#!/usr/bin/env python3
"""Which lines of the pure rooms the default run of the simulator executes: a line per room, and the lines that were never reached.

usage: coverage.py [--at-least PERCENT] [--missed] [-- OPTIONS OF fluxpg-sim run]

Builds fluxpg-sim once more into build/coverage, instrumented. Lines of headers count once, wherever they were compiled. Exit 1 below
PERCENT in all. (What reads answers of the Flux API has words for more mistakes than the simulated one makes: tests/discovery.)
"""
import argparse
import collections
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FLUXPG_BUILD", ROOT / "build")) / "coverage"
ROOMS = ("gossip/core", "gossip/verdict", "discovery", "supervisor/core", "supervisor/record")


def must(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def build():
    must(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DFLUXPG_TESTS=OFF", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_COMPILER=g++",
          "-DCMAKE_CXX_FLAGS=-O1 --coverage -fprofile-update=atomic -DNDEBUG"])
    must(["cmake", "--build", BUILD, "--target", "fluxpg-sim"])
    for old in BUILD.rglob("*.gcda"):
        old.unlink()
    return BUILD / "bin" / "fluxpg-sim"


def room_of(path):
    return next((room for room in ROOMS if path.startswith(room + "/")), None)


def counts():
    """file -> line -> how often it was executed, over all objects that have it."""
    found = collections.defaultdict(lambda: collections.defaultdict(int))
    for data in BUILD.rglob("*.gcda"):
        if room_of(str(data.relative_to(BUILD))) is None:
            continue
        with tempfile.TemporaryDirectory() as where:
            must(["gcov", "--json-format", data], cwd=where)
            for report in pathlib.Path(where).glob("*.gcov.json.gz"):
                for source in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                    path = pathlib.Path(os.path.abspath(os.path.join(BUILD, source["file"])))
                    if not path.is_relative_to(ROOT) or room_of(str(path.relative_to(ROOT))) is None:
                        continue
                    for line in source["lines"]:
                        found[str(path.relative_to(ROOT))][line["line_number"]] += line["count"]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--at-least", type=float, default=90)
    parser.add_argument("--missed", action="store_true", help="print every line that was not reached")
    parser.add_argument("options", nargs="*")
    wanted = parser.parse_args()
    if not shutil.which("gcov"):
        print("skipped: gcov is not installed")
        sys.exit(77)
    program = build()
    print(must([program, "run", *wanted.options]).splitlines()[-1])
    found = counts()
    rooms = {room: [0, 0] for room in ROOMS}
    for path, lines in sorted(found.items()):
        missed = sorted(number for number, count in lines.items() if count == 0)
        rooms[room_of(path)][0] += len(lines) - len(missed)
        rooms[room_of(path)][1] += len(lines)
        if missed:
            print(f"{100 * (1 - len(missed) / len(lines)):5.1f} %  {path}: {len(missed)} of {len(lines)} lines not reached")
        if wanted.missed:
            text = (ROOT / path).read_text().splitlines()
            for number in missed:
                print(f"         {number}: {text[number - 1].strip()}")
    rooms["all"] = [sum(part) for part in zip(*rooms.values())]
    shares = {room: 100 * hit / lines if lines else 0.0 for room, (hit, lines) in rooms.items()}
    for room, share in shares.items():
        print(f"{share:5.1f} %  {room} ({rooms[room][0]} of {rooms[room][1]} lines)")
    sys.exit(0 if shares["all"] >= wanted.at_least else 1)


if __name__ == "__main__":
    main()
