#!/usr/bin/env python3
"""Founding, joining and coming back, on real etcd. usage: test_first_boot.py SCENARIO [ROUNDS] | --list

FLUXPG_LONG=1 runs the full counts (tests/README.md)."""
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from life import Life, numbers, set_aside, wipe  # noqa: E402
from native import APP, BIN, HUB, SUBNET, wait_until  # noqa: E402
from test_native import check, main, member_id, removals  # noqa: E402

LONG = os.environ.get("FLUXPG_LONG") == "1"
SEED = int(os.environ.get("FLUXPG_SEED", random.randrange(10**6)))


def founded_nothing(c):
    for node in c.nodes:
        check(not os.path.exists(f"{node.home}/etcd/data/member"), f"{node.name} has started etcd")


def without_the_api_nobody_founds_and_everybody_says_why(seconds=300 if LONG else 10):
    with Life(3, fixed_addresses=True) as c:
        c.fault("html502")
        c.start()
        for node in c.nodes:
            wait_until("it says for what it waits", lambda n=node: "a good answer of the Flux API" in n.ctl("status").stdout, 30)
        time.sleep(seconds)
        founded_nothing(c)
        print(c.nodes[0].ctl("status").stdout)
        c.fault("ok")
        start = time.monotonic()
        c.wait_healthy(3)
        print(f"API back -> one cluster after {time.monotonic() - start:.1f} s")
        clusters = {n.json("status")["cluster_id"] for n in c.nodes}
        check(len(clusters) == 1, f"clusters {clusters}")
        members = set(c.nodes[0].members())

        # With data, nobody needs the API to come back: one after the other, and then all at once.
        c.fault("hang")
        for node in c.nodes:
            node.kill()
            node.start()
            wait_until("it serves again", lambda n=node: n.etcdctl("get", "x").returncode == 0, 30)
        for node in c.nodes:
            node.kill()
        c.start()
        for node in c.nodes:
            wait_until("it serves again", lambda n=node: set(n.members()) == members and n.etcdctl("get", "x").returncode == 0, 60)
        check({n.json("status")["cluster_id"] for n in c.nodes} == clusters, "another cluster")


@contextlib.contextmanager
def an_api_for_each(c):
    """Every node asks an API of its own, so that each can be shown another list."""
    apis = []
    for node in c.nodes:
        node.api_port = 16200 + node.number
        node.settings = {**node.settings, "flux.api_url": f"http://{SUBNET}.2:{node.api_port}"}
        apis.append(subprocess.Popen(["ip", "netns", "exec", HUB, f"{BIN}/mock-flux-api", "--listen", f"{SUBNET}.2:{node.api_port}",
                                      "--backends", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    try:
        yield
    finally:
        for api in apis:
            api.kill()
            api.wait(timeout=30)


def show(c, node, rows):
    state = {"apps": {APP: {"instances": c.instances, "rows": [{"ip": f"{n.address}:16127"} for n in rows]}}}
    return c.api("PUT", "/_mock/state", state, base=f"http://{SUBNET}.2:{node.api_port}")


def three_fresh_nodes_with_different_lists_found_one_cluster(rounds=50 if LONG else 1):
    """Each sees two of the three rows for two minutes; they start up to a minute apart (in most rounds up to 15 s, to save time)."""
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    took, last = [], []
    for turn in range(rounds):
        with Life(3, fixed_addresses=True) as c, an_api_for_each(c):
            order = chance.sample(c.nodes, 3)
            hidden = chance.choice([order[1:] + order[:1], order[2:] + order[:2]])  # each lacks another one, not itself
            for node, lacks in zip(order, hidden):
                wait_until("its API", lambda n=node, w=lacks: show(c, n, [m for m in c.nodes if m is not w]) is not None, 20)
            skew = 60 if LONG and turn % 5 == 0 else 15 if LONG else 6
            starts = sorted((chance.random() * skew, node.number) for node in c.nodes)
            began = time.monotonic()
            for at, number in starts:
                time.sleep(max(0, began + at - time.monotonic()))
                alone = c.nodes[number - 1]
                alone.start()
            begun = time.monotonic()
            full = begun + (120 if LONG else 10)
            for node in c.nodes:
                wait_until("three voters", lambda n=node: lift(c, full) and n.json("status")["voters"] == 3 and len(n.members()) == 3, 80)
            last.append(time.monotonic() - begun)
            took.append(time.monotonic() - began)
            seen = {(n.json("status")["cluster_id"], tuple(sorted(n.members()))) for n in c.nodes}
            check(len(seen) == 1, f"different clusters: {seen}")
            founded = {str(n.get("founded")["token"]) for n in c.nodes}
            check(len(founded) == 1, f"founded with the tokens {founded}")
            for node in c.nodes:
                check(not set_aside(node), f"{node.name} was in another cluster: {set_aside(node)}")
            print(f"round {turn + 1}: skew {starts[-1][0]:.1f} s, three voters {last[-1]:.1f} s after the last start")
    numbers("three fresh nodes, last start -> three voters", last)


def lift(c, full):
    """After two minutes everybody is shown everything."""
    if time.monotonic() >= full:
        for node in c.nodes:
            show(c, node, c.nodes)
    return True


def join_survives_kill_9_of_anything(kills=100 if LONG else 5):
    """A node with an empty disk joins over and over, while daemons and etcds of all three are killed. Nobody unlinks anything."""
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    with Life(3, fixed_addresses=True) as c:
        for node in c.nodes:
            node.wrap = f"strace -f -qq -e trace=unlink,unlinkat,rmdir -e signal=none -o {c.home}/trace-{node.number} -A"
        c.start()
        c.wait_healthy(3)
        done, took = 0, []
        while done < kills:
            joiner = c.nodes[chance.randrange(3)]
            joiner.kill()
            wipe(joiner)
            joiner.start()
            start = time.monotonic()
            for _ in range(min(chance.randint(2, 6), kills - done)):
                time.sleep(chance.random() * 6)
                node, program = chance.choice(c.nodes), chance.choice(["etcd", "fluxpgd"])
                pids = node.pid_of(program)
                node.signal(signal.SIGKILL, (program,))
                done += bool(pids)
            c.wait_healthy(3, 60)
            took.append(time.monotonic() - start)
            lists = [set(n.members()) for n in c.nodes]
            check(all(len(x) == 3 and x == lists[0] for x in lists), f"member lists {lists}")
            print(f"{done} kills, converged {took[-1]:.1f} s after the empty disk started")
        numbers("empty disk -> three voters, under kill -9", took)
        check(done >= kills, f"only {done} kills hit a process")
        traced = [line for node in c.nodes for line in open(f"{c.home}/trace-{node.number}")]
        check(traced, "strace saw nothing at all")
        bad = [line for line in traced if "/etcd/" in line or "/pgdata" in line]
        check(not bad, f"unlinked in a data folder: {bad[:3]}")


def an_empty_node_becomes_a_voter_soon(rounds=20):
    """The seat is free before it comes: what is measured is the way of the newcomer alone."""
    with Life(3, fixed_addresses=True) as c:
        c.start()
        c.wait_healthy(3)
        took = []
        for turn in range(rounds):
            newcomer = c.nodes[1 + turn % 2]
            others = [n for n in c.nodes if n is not newcomer]
            old = member_id(c.nodes[0], newcomer)
            newcomer.kill()
            wipe(newcomer)
            c.list_only(others)
            wait_until("the seat is free", lambda: old not in c.nodes[0].members(), 60)
            c.list_only(c.nodes)
            newcomer.start()
            start = time.monotonic()
            wait_until("a voter", lambda: (newcomer.name, False) in c.nodes[0].members().values(), 60, step=0.1)
            took.append(time.monotonic() - start)
            c.wait_healthy(3)
        numbers("empty node -> voter", took)


SCENARIOS = [without_the_api_nobody_founds_and_everybody_says_why, three_fresh_nodes_with_different_lists_found_one_cluster,
             join_survives_kill_9_of_anything, an_empty_node_becomes_a_voter_soon]

if __name__ == "__main__":
    main(SCENARIOS)
