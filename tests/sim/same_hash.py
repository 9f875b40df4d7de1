#!/usr/bin/env python3
"""One seed is one run, whoever compiled it: the same trace hashes from g++ and clang++, -O0 and -O2, with and without address randomisation.

usage: same_hash.py [--seeds A-B] [--variants NAME,...]

The reference is build/bin/fluxpg-sim. The variants are built once into build/same-hash/ (fluxpg-sim and what it links, nothing else; with
ccache a repetition takes seconds). An iteration over something unordered, an order of pointers, uninitialised memory or an argument list
that draws two random numbers shows here first.
"""
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("FLUXPG_BUILD", os.path.join(ROOT, "build"))
VARIANTS = {"g++-O0": ("g++", "-O0"), "g++-O2": ("g++", "-O2"), "clang++-O0": ("clang++", "-O0"), "clang++-O2": ("clang++", "-O2")}


def build(name):
    compiler, level = VARIANTS[name]
    directory = os.path.join(BUILD, "same-hash", name)
    configure = ["cmake", "-S", ROOT, "-B", directory, "-G", "Ninja", "-DFLUXPG_TESTS=OFF", "-DCMAKE_BUILD_TYPE=None",
                 f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={level}"]
    for command in (configure, ["cmake", "--build", directory, "--target", "fluxpg-sim"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: {' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return os.path.join(directory, "bin", "fluxpg-sim")


def hashes(program, seeds, prefix=()):
    done = subprocess.run([*prefix, program, "run", "--seeds", seeds, "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 1):  # 1: a violation, the same everywhere then
        sys.exit(f"{program}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return {run["seed"]: (run["trace_hash"], run["events"]) for run in json.loads(done.stdout)["runs"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1-20")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    wanted = parser.parse_args()
    names = wanted.variants.split(",") if wanted.variants else []
    missing = sorted({VARIANTS[name][0] for name in names if not shutil.which(VARIANTS[name][0])})
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        sys.exit(77)
    program = os.path.join(BUILD, "bin", "fluxpg-sim")
    reference = hashes(program, wanted.seeds)
    assert reference, "no seed was run"
    fixed = ["setarch", platform.machine(), "-R"]
    if subprocess.run([*fixed, "true"], capture_output=True).returncode != 0:  # containers may forbid it
        print("without address randomisation: not allowed here, left out")
        runs = []
    else:
        runs = [("as built, without address randomisation", program, fixed)]
    runs += [(name, build(name), ()) for name in names]
    different = 0
    for name, one, prefix in runs:
        found = hashes(one, wanted.seeds, prefix)
        wrong = [seed for seed in reference if found[seed] != reference[seed]]
        different += len(wrong)
        print(f"{name}: {len(reference) - len(wrong)} of {len(reference)} seeds have the same hash" + (f"; others: {wrong}" if wrong else ""))
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
