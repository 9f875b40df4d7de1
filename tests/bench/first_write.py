#!/usr/bin/env python3
"""Three fresh nodes in containers: from `compose up` to the first committed SQL write, as `docker/up` finds it with the image built.

usage: first_write.py [ROUNDS] | --selftest
It works in a compose project of its own, whose volumes it deletes; while a cluster of docker/up is there it does nothing (exit 77).
"""
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from measure import write_result  # noqa: E402

ROOT = os.path.join(HERE, "..", "..")
PROJECT = "fluxpg-bench"
LABEL = "label=fluxpg=local-cluster"
LINE = re.compile(r"^\[ *\d+s\] (.*)$")
BEGIN, END = "starting three nodes", "PostgreSQL accepts writes"


def seconds_between(lines):
    """From (moment, line) pairs of docker/up's output: the time from its BEGIN to its END line; None if either is missing."""
    begin = None
    for moment, line in lines:
        said = LINE.match(line)
        if not said:
            continue
        if begin is None and said.group(1).startswith(BEGIN):
            begin = moment
        if begin is not None and said.group(1).startswith(END):
            return moment - begin
    return None


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True)


def why_not():
    if not shutil.which("docker") or docker("info").returncode != 0:
        return "no Docker engine answers"
    if docker("image", "inspect", "fluxpg:latest").returncode != 0:
        return "the image fluxpg:latest is not built (docker/up builds it)"
    if docker("ps", "-aq", "--filter", LABEL).stdout or docker("network", "ls", "-q", "--filter", LABEL).stdout:
        return "a local cluster is there (docker/down removes it)"
    return None


def down(env):
    subprocess.run(["docker/down", "--volumes"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def one_round(env):
    up = subprocess.Popen(["docker/up"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = [(time.monotonic(), line.rstrip("\n")) for line in up.stdout]
    took = seconds_between(lines)
    if up.wait() != 0 or took is None:
        raise SystemExit("docker/up failed:\n" + "\n".join(line for _, line in lines))
    return took


def main(rounds=5):
    env = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT}
    took = []
    for number in range(rounds):
        try:
            took.append(one_round(env))
        finally:
            down(env)
        print(f"round {number + 1}: {took[-1]:.1f} s")
    write_result("first_sql_write", "s", took, goal={"p50": 30},
                 note="docker/up looks once a second, so up to 2 s late; creating the containers included")


def selftest():
    text = ["installing Docker (docker.io, docker-compose)", "[  1s] building the image (the first time takes a few minutes)",
            "[  3s] starting three nodes and the mock Flux API", "Creating network", "[  9s] waiting for PostgreSQL to accept a write; node 1 says: x",
            "[ 24s] PostgreSQL accepts writes", "health: healthy"]
    assert seconds_between(list(enumerate(text))) == 3, "the wrong lines were taken"
    assert seconds_between(list(enumerate(text[:5]))) is None, "a write that did not happen was timed"
    assert seconds_between(list(enumerate(text[5:]))) is None, "an end without a beginning was timed"
    with open(os.path.join(ROOT, "docker", "up")) as file:
        script = file.read()
    assert f'say "{BEGIN}' in script and f'say "{END}"' in script, "docker/up does not say these words any more"


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        selftest()
    elif reason := why_not():
        print(f"skipped: {reason}")
        sys.exit(77)
    else:
        sys.stdout.reconfigure(line_buffering=True)
        main(*[int(a) for a in sys.argv[1:]])
