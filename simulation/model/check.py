#!/usr/bin/env python3
"""Checks eviction.pml with SPIN: the protocol must hold in every configuration, and every mutant must be caught.

check.py [--big] [--only WORD]    --big adds the large configurations (minutes, up to 8 GB); --only: configurations whose name contains WORD
Exit code 0: all as expected; 1: an error in the protocol, a mutant that survives, or no verdict; 64: bad usage.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).parent / "eviction.pml"
SAFE, LIVE = "safe", "live"

# (name, definitions, what is checked)
QUICK = [
    ("safe-n3", "-DN=3", SAFE),
    ("safe-n3-two-expiries", "-DN=3 -DEMAX=2", SAFE),
    ("safe-n3-join", "-DN=3 -DJOIN -DCUT=0", SAFE),
    ("safe-n3-no-key", "-DN=3 -DNOLOCK -DCUT=2", SAFE),
    ("safe-n4-no-expiry", "-DN=4 -DEMAX=0", SAFE),
    ("safe-n4-one-way-cut", "-DN=4 -DCRASH=0 -DBLIND=1", SAFE),
    ("safe-n5-blind-majority", "-DN=5 -DCRASH=0 -DCUT=0 -DBLIND=7 -DRELIABLE", SAFE),
    ("live-n3-no-expiry", "-DN=3 -DEMAX=0 -DRELIABLE", LIVE),
    ("live-n4-hung-voter", "-DN=4 -DCUT=0 -DHUNG=2 -DRELIABLE", LIVE),
]
BIG = [
    ("safe-n3-two-cuts-two-expiries", "-DN=3 -DCUT=2 -DEMAX=2", SAFE),
    ("safe-n3-join-cut", "-DN=3 -DJOIN -DEMAX=0", SAFE),
    ("safe-n4", "-DN=4", SAFE),
    ("safe-n4-two-cuts", "-DN=4 -DCUT=2 -DEMAX=0", SAFE),
    ("safe-n4-no-key", "-DN=4 -DNOLOCK", SAFE),
    ("safe-n5-no-expiry", "-DN=5 -DEMAX=0", SAFE),
    ("safe-n5", "-DN=5", SAFE),
    ("live-n3", "-DN=3 -DRELIABLE", LIVE),
    ("live-n3-two-cuts", "-DN=3 -DCUT=2 -DEMAX=0 -DRELIABLE", LIVE),
    ("live-n3-no-key", "-DN=3 -DNOLOCK -DRELIABLE", LIVE),
    ("live-n4", "-DN=4 -DEMAX=0 -DRELIABLE", LIVE),
]
MUTANTS = [
    ("mutant-record-not-compared", "-DN=3 -DNOSEQ", SAFE),
    ("mutant-ballot-on-open-record", "-DN=3 -DNOOPEN", SAFE),
    ("mutant-void-at-once", "-DN=3 -DNODELAY", SAFE),
    ("mutant-void-never", "-DN=3 -DNOVOID -DRELIABLE", LIVE),
    ("mutant-not-read-back", "-DN=3 -DLATESEND", SAFE),
    ("mutant-list-not-compared", "-DN=3 -DJOIN -DEMAX=0 -DNOLIST", SAFE),
    ("mutant-nobody-looks-at-victim", "-DN=3 -DNOLIVES -DRELIABLE", LIVE),
    ("mutant-successor-refutes", "-DN=3 -DFRESHANY", SAFE),
    ("mutant-refutes-after-lost-key", "-DN=3 -DCRASH=0 -DEMAX=2 -DKEEPFRESH", SAFE),
    ("mutant-close-without-key", "-DN=3 -DCRASH=0 -DEMAX=2 -DCLOSEFREE", SAFE),
    ("mutant-nobody-resumes", "-DN=3 -DNORESUME -DRELIABLE", LIVE),
    ("mutant-vote-ignores-own-list", "-DN=4 -DCUT=2 -DNOOWNLIST", SAFE),
    ("mutant-one-vote-is-enough", "-DN=3 -DNOMAJ", SAFE),
    ("mutant-half-is-enough", "-DN=4 -DHALF", SAFE),
    ("mutant-veto-ignored", "-DN=5 -DCRASH=0 -DCUT=0 -DBLIND=7 -DRELIABLE -DNOVETO", SAFE),
    ("mutant-join-outside-record", "-DN=3 -DJOIN -DJOINFREE -DEMAX=0", SAFE),
    ("mutant-etcd-checks-nothing", "-DN=3 -DCUT=2 -DNOSTRICT", SAFE),
]
# What a failed assertion of the model means, by a word that only it contains.
PROPERTIES = [("dv==v", "S3: no certified open decision for this electorate"), ("napp", "S2: the change before it is not applied by a quorum"),
              ("since", "S5: the victim was up during the whole ballot"), ("d==1", "S1: two open decisions"),
              ("up&mem", "S4: fewer live voters than the quorum"), ("acceptance", "liveness: a dead voter or an open decision for ever")]


def execute(command, where, seconds=None):
    return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=seconds, check=False)


def check(job, big):
    """One configuration: (name, mutant?, states, seconds, verdict, what broke)."""
    name, definitions, kind = job
    mutant = name.startswith("mutant-")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fluxpg-model-") as where:
        shutil.copy(MODEL, where)
        live = ["-DLIVE"] if kind == LIVE else []
        made = execute(["spin", *definitions.split(), *live, "-a", MODEL.name], where)
        if made.returncode != 0:
            return name, mutant, "", 0.0, "no verdict", made.stdout.strip()[:300]
        how = ["-DNFAIR=3"] if kind == LIVE else ["-DSAFETY"]
        store = "-DHC4" if big and kind == SAFE else "-DCOLLAPSE"
        made = execute(["gcc", "-O2" if big else "-O0", "-w", *how, store, "-DVECTORSZ=2048", f"-DMEMLIM={8000 if big else 1000}", "-o", "pan", "pan.c"], where)
        if made.returncode != 0:
            return name, mutant, "", 0.0, "no verdict", made.stderr.strip()[:300]
        try:
            ran = execute(["./pan", "-m1000000", "-n", *(["-a", "-f"] if kind == LIVE else ["-E"])], where, 1800 if big else 110)
        except subprocess.TimeoutExpired:
            return name, mutant, "", time.monotonic() - began, "no verdict", "it took too long"
    states = re.search(r"(\S+) states, stored", ran.stdout)
    broken = re.search(r"^pan:\d+: (.*)$", ran.stdout, re.MULTILINE)
    complete = "errors: 0" in ran.stdout and "Search not completed" not in ran.stdout and "depth limit" not in ran.stdout.lower()
    what = broken.group(1) if broken else "" if complete else ran.stdout.strip()[-300:]
    violated = broken is not None and re.match(r"assertion violated|acceptance cycle", broken.group(1)) is not None
    meaning = next((text for word, text in PROPERTIES if word in what.replace(" ", "")), what)
    verdict = "violated" if violated else "holds" if complete else "no verdict"
    return name, mutant, states.group(1) if states else "", time.monotonic() - began, verdict, meaning


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--big", action="store_true", help="the large configurations too")
    parser.add_argument("--only", default="", metavar="WORD", help="configurations whose name contains WORD")
    try:
        wanted = parser.parse_args()
    except SystemExit as ended:
        sys.exit(64 if ended.code else 0)
    for program in ("spin", "gcc"):
        if shutil.which(program) is None:
            sys.exit(f"check.py: {program} is not installed; the model of the decision protocol cannot be checked (apt-get install {program})")
    jobs = [job for job in QUICK + MUTANTS + (BIG if wanted.big else []) if wanted.only in job[0]]
    if not jobs:
        print(f"check.py: no configuration's name contains '{wanted.only}'", file=sys.stderr)
        sys.exit(64)
    bad = []
    print(f"{'configuration':32} {'states':>10} {'seconds':>8}  verdict")
    jobs.sort(key=lambda job: job[2] == SAFE)  # the slow ones first
    with concurrent.futures.ThreadPoolExecutor(1 if wanted.big else min(2, os.cpu_count() or 1)) as pool:
        for name, mutant, states, seconds, verdict, what in pool.map(lambda job: check(job, wanted.big), jobs):
            print(f"{name:32} {states:>10} {seconds:8.1f}  {verdict}{': ' + what if what else ''}", flush=True)
            if verdict != ("violated" if mutant else "holds"):
                bad.append(name)
    if bad:
        sys.exit("not as expected: " + ", ".join(bad))
    print(f"{sum(not job[0].startswith('mutant-') for job in jobs)} configurations hold, "
          f"{sum(job[0].startswith('mutant-') for job in jobs)} mutants are caught")


if __name__ == "__main__":
    main()
