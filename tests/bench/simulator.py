#!/usr/bin/env python3
"""How fast virtual time runs: simulated seconds per CPU second at N = 3, 5, 9, 100, and seeds a minute. usage: simulator.py [ROUNDS]

Each sample is one process of fluxpg-sim on one core, with the default faults: a clean stretch would run faster and prove less.
"""
import json
import os
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
from measure import write_result  # noqa: E402

BIN = os.path.join(os.environ.get("FLUXPG_BUILD", os.path.join(HERE, "..", "..", "build")), "bin")
# Nodes: how many seeds, and with how many minutes of faults; a few CPU seconds each, and half a minute at N = 100.
SEEDS = {3: (20, 5), 5: (12, 5), 9: (6, 5), 100: (1, 1)}
GOAL = 100_000  # of GOALS.md, at N = 5


def measured(nodes, first, count, minutes):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([f"{BIN}/fluxpg-sim", "run", "--seeds", f"{first}-{first + count - 1}", "--nodes", str(nodes),
                           "--minutes", str(minutes), "--jobs", "1", "--json"],
                          capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"fluxpg-sim: exit {done.returncode}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout)["seconds_per_cpu_second"], 60 * count / cpu


def main(rounds=5):
    for nodes, (count, minutes) in SEEDS.items():
        samples = [measured(nodes, 1 + index * count, count, minutes) for index in range(rounds if nodes < 100 else 1)]
        goal = {"more_is_better": True, "wanted": GOAL} if nodes == 5 else {"more_is_better": True}
        write_result(f"simulator_speed_{nodes}", "simulated s per CPU s", [s[0] for s in samples], **goal)
        write_result(f"simulator_seeds_{nodes}", "seeds a CPU minute", [s[1] for s in samples], more_is_better=True)


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]])
