#!/usr/bin/env python3
"""coverage.py [BUILD [OPTION...]]: which lines of the pure rooms a run of fluxpg-sim reaches, the default one or one with other OPTIONs.

It is built with gcov in BUILD (build/coverage).
"""
import collections
import pathlib
import subprocess
import sys

ROOMS = {"gossip/core": "gossip/core/", "gossip/verdict": "gossip/verdict/", "supervisor/core": "supervisor/core/",
         "discovery (pure)": ("discovery/types", "discovery/listing", "discovery/parse", "discovery/schedule", "discovery/document"),
         "etcdctl-adapter (types)": "etcdctl-adapter/types"}
root = pathlib.Path(__file__).resolve().parents[2]
build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "build/coverage").resolve()

subprocess.run(["cmake", "-S", root, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DFLUXPG_TESTS=OFF",
                "-DCMAKE_CXX_FLAGS=--coverage -O0"], check=True, stdout=subprocess.DEVNULL)
subprocess.run(["cmake", "--build", build, "--target", "fluxpg-sim"], check=True, stdout=subprocess.DEVNULL)
for old in build.rglob("*.gcda"):
    old.unlink()
subprocess.run([build / "bin/fluxpg-sim", "run", *sys.argv[2:]], check=True, stdout=subprocess.DEVNULL)

lines = collections.defaultdict(dict)  # file -> line -> reached
for data in build.rglob("*.gcda"):
    text = subprocess.run(["gcov", "--stdout", "--relative-only", "--source-prefix", root, data], cwd=root, capture_output=True, text=True).stdout
    name = None
    for line in text.splitlines():
        count, _, rest = line.partition(":")
        number, _, source = rest.partition(":")
        count, number = count.strip(), number.strip()
        if number == "0" and source.startswith("Source:"):
            name = source[len("Source:"):]
        elif name and count != "-" and number.isdigit() and int(number):
            lines[name][int(number)] = lines[name].get(int(number), False) or not count.startswith(("#", "="))
for room, places in ROOMS.items():
    files = {name: found for name, found in lines.items() if name.startswith(places)}
    reached = sum(sum(found.values()) for found in files.values())
    total = sum(len(found) for found in files.values())
    print(f"{room}: {reached} of {total} lines, {100 * reached / max(1, total):.1f} %")
    for name, found in sorted(files.items()):
        missed = sorted(number for number, hit in found.items() if not hit)
        if missed:
            print(f"  {name}: not reached: {', '.join(map(str, missed))}")
