#!/usr/bin/env python3
"""A member list through the adapter against `etcdctl member list`, a whole process. usage: adapter.py [ROUNDS]"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from measure import write_result  # noqa: E402


def main(rounds=200):
    program = os.path.join(os.environ.get("FLUXPG_BUILD", "build"), "bin", "adapter_bench")
    lines = subprocess.run([program, str(rounds)], check=True, capture_output=True, text=True).stdout.splitlines()
    ms = {}
    for what, microseconds in map(str.split, lines):
        ms.setdefault(what, []).append(int(microseconds) / 1000)
    for what in ("local", "linearizable"):
        write_result(f"adapter_member_list_{what}", "ms", ms[what], "etcdctl member list", ms["etcdctl"])


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]])
