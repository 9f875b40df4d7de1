#!/usr/bin/env python3
"""default_run.py FLUXPG_SIM: the default run breaks nothing, injects every kind of fault and reaches every state that is not rare."""
import json
import subprocess
import sys

sim = sys.argv[1]
done = subprocess.run([sim, "run", "--json"], capture_output=True, text=True)
result = json.loads(done.stdout)
undrawn = ("gossip-cut-off", "gossip-one-way-cut", "most-away-and-recovered")  # tests of their own mix them in
faults = [name for name, count in result["faults"].items() if count == 0 and name not in undrawn]
assert done.returncode == 0 and result["seeds_with_violations"] == 0, [run for run in result["runs"] if run["violations"]]
assert len(result["faults"]) >= 40 and not faults, f"never injected: {faults}"
assert result["never_reached"] == [], f"never reached: {result['never_reached']}"

few = ["run", "--seeds", "1-6", "--json"]
one, many = (json.loads(subprocess.run([sim, *few, "--jobs", jobs], capture_output=True, text=True).stdout) for jobs in ("1", "4"))
assert one["runs"] == many["runs"], "the number of jobs changes the result"

for options, word in ((["run", "--faults", "earthquake"], "deaf"), (["run", "--policy", "hope"], "seed-updater"),
                      (["list-invariants", "nothing"], "one-cluster"), (["run", "--seeds", "9-1"], "1-100")):
    bad = subprocess.run([sim, *options], capture_output=True, text=True)
    assert bad.returncode == 64 and word in bad.stderr, (options, bad)
