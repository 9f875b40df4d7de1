"""What every benchmark shares: percentiles, one result file per number, and the moments that fluxpgd itself wrote down."""
import datetime
import json
import math
import os
import platform
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
LINE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S+) \w+ (.*)$")


def percentile(values, share):
    """Nearest rank: always a value that was measured; with fewer than 100 of them the p99 is the worst."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def summary(values):
    return {"p50": round(percentile(values, 0.5), 4), "p99": round(percentile(values, 0.99), 4), "n": len(values)}


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{os.cpu_count()} x {models[0] if models else platform.machine()}, Linux {platform.release()}"


def commit():
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def write_result(name, unit, ours, peer_name=None, peer=None, goal=None, **more):
    """`goal`: {"p50": limit, "p99": limit}, either may be left out. The ratio is ours / peer at the p50: less is better everywhere."""
    if not ours:
        print(f"{name}: nothing was measured")
        return
    result = {"name": name, "unit": unit, "ours": summary(ours), "peer": {"name": peer_name, **summary(peer)} if peer else None}
    result["ratio"] = round(result["ours"]["p50"] / result["peer"]["p50"], 4) if peer and result["peer"]["p50"] else None
    if goal:
        result["goal"] = goal
        result["goal_reached"] = all(result["ours"][key] <= limit for key, limit in goal.items())
    result.update(more)
    result.update(command=" ".join(["tests/bench/" + os.path.basename(sys.argv[0])] + sys.argv[1:]), machine=machine(), commit=commit(),
                  date=datetime.date.today().isoformat(), samples=[round(v, 4) for v in ours],
                  peer_samples=[round(v, 4) for v in peer] if peer else None)
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    said = {True: "goal reached", False: f"GOAL MISSED {goal}", None: "no goal"}[result.get("goal_reached")]
    beside = f", {peer_name} {result['peer']['p50']}/{result['peer']['p99']}, ratio {result['ratio']}" if peer else ""
    print(f"{name}: p50 {result['ours']['p50']} p99 {result['ours']['p99']} {unit} (n={len(ours)}){beside}: {said}")


def logged(text, wanted, since):
    """When (Unix seconds) fluxpgd first logged a sentence that contains `wanted`, not before `since`; None: it did not."""
    for line in text.splitlines():
        found = LINE.match(line)
        if not found or wanted not in found.group(2):
            continue
        at = datetime.datetime.fromisoformat(found.group(1)).timestamp()
        if at >= since - 0.001:  # the log cuts to whole milliseconds
            return at
    return None
