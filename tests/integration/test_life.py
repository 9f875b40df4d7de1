#!/usr/bin/env python3
"""A member's life on real etcd: it moves, loses its disk, is replaced. usage: test_life.py SCENARIO [ROUNDS] | --list"""
import glob
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from life import Life, numbers, set_aside, wipe  # noqa: E402
from native import SUBNET, run, wait_until  # noqa: E402
from test_native import check, main, member_id, removals  # noqa: E402

LONG = os.environ.get("FLUXPG_LONG") == "1"


def settle(c, size, timeout, nodes=None):
    """Seconds until each of these says that all is well, with that many voters."""
    start = time.monotonic()
    c.wait_healthy(size, timeout, nodes)
    return time.monotonic() - start


def a_node_that_moves_keeps_its_member_id(rounds=3 if LONG else 1):
    with Life(3) as c:
        c.start()
        c.wait_healthy(3)
        before = set(c.nodes[0].members())
        for turn in range(rounds):
            mover = c.nodes[turn % 3]
            witness = c.nodes[(turn + 1) % 3]
            old, member = mover.address, member_id(witness, mover)
            new = f"{SUBNET}.{100 + turn}"
            c.renumber(mover, new)
            # For a while only the old address is listed, then both, in the end the new one.
            wait_until("its etcd serves at the new address", lambda: mover.etcdctl("get", "x").returncode == 0
                       and any(m["address"].startswith(new) and m["gossip"] == "alive" for m in witness.json("members")["members"])
                       and f"{new}:2379" in listening(mover), 60)
            c.list_rows([n.address for n in c.nodes] + [old])
            c.wait_healthy(3, 60)
            c.list_only(c.nodes)
            time.sleep(5)
            c.wait_healthy(3, 30)
            check(set(witness.members()) == before, f"members {witness.members()}, before {before}")
            check(witness.members()[member][0] == mover.name, "it serves under another name than that of its address")
            check(removals(witness) == [], "somebody was removed")


def listening(node):
    return run("ip", "netns", "exec", node.ns, "ss", "-Hltn").stdout


def a_move_is_healthy_soon(rounds=20):
    """The new row comes with the move: what is measured is what the nodes need."""
    with Life(3) as c:
        c.start()
        c.wait_healthy(3)
        before, took = set(c.nodes[0].members()), []
        for turn in range(rounds):
            mover, new = c.nodes[turn % 3], f"{SUBNET}.{100 + turn}"
            c.renumber(mover, new)
            c.list_only(c.nodes)
            start = time.monotonic()
            wait_until("it serves at the new address", lambda: f"{new}:2379" in listening(mover), 60)
            c.wait_healthy(3, 60)
            took.append(time.monotonic() - start)
            check(set(mover.members()) == before, "another member list")
            time.sleep(2)
        numbers("address change -> healthy", took)
        check(max(took) <= 60, f"{max(took):.1f} s")


def all_move_at_once_and_the_same_three_serve():
    with Life(3) as c:
        c.start()
        c.wait_healthy(3)
        before = set(c.nodes[0].members())
        c.nodes[0].etcdctl("put", "kept", "yes")
        old = [n.address for n in c.nodes]
        for node in c.nodes:
            c.renumber(node, f"{SUBNET}.{110 + node.number}")
        c.list_rows(old + [n.address for n in c.nodes])
        start = time.monotonic()
        for node in c.nodes:
            wait_until(f"{node.name} serves", lambda n=node: f"{n.address}:2379" in listening(n) and
                       n.etcdctl("get", "--print-value-only", "kept").stdout == "yes\n", 60)
        c.wait_healthy(3, 60)
        print(f"all three moved: healthy after {time.monotonic() - start:.1f} s")
        check(set(c.nodes[1].members()) == before, "another member list")
        check(removals(c.nodes[0]) == [], "somebody was removed")


def a_wiped_disk_is_a_dead_id_and_a_newcomer(rounds=20 if LONG else 1):
    with Life(3) as c:
        c.start()
        c.wait_healthy(3)
        took = []
        for turn in range(rounds):
            victim = c.nodes[(turn + 2) % 3]
            witness = c.nodes[turn % 3]
            old = member_id(witness, victim)
            victim.kill()
            wipe(victim)
            start = time.monotonic()
            victim.start()
            wait_until("the old id is gone", lambda: old not in witness.members(), 60)
            c.wait_healthy(3, 60)
            took.append(time.monotonic() - start)
            check(member_id(witness, victim) != old, "the same id serves an empty disk")
            check([d["rule"] for d in removals(witness)] == ["unlisted"] * (turn + 1), f"{removals(witness)}")
        numbers("disk lost -> voter", took)


def a_damaged_log_is_given_up_by_its_owner():
    with Life(3, settings={"rules.silent_etcd_consent": "60s"}) as c:
        c.start()
        c.wait_healthy(3)
        victim, witness = c.nodes[2], c.nodes[0]
        old = member_id(witness, victim)
        victim.kill()
        for path in sorted(glob.glob(f"{victim.home}/etcd/data/member/wal/*.wal")):
            with open(path, "r+b") as file:
                file.truncate(300)
        victim.start()
        wait_until("it says that its etcd does not answer", lambda: "own etcd does not answer" in victim.ctl("status").stdout, 30)
        print(victim.ctl("status").stdout)
        time.sleep(20)
        check(old in witness.members(), "its patience was shorter than configured")
        _, took = wait_until("the old id is gone", lambda: old not in witness.members(), 120)
        wait_until("by consent", lambda: [(d["rule"], d["outcome"]) for d in removals(witness)] == [("consent", "done")], 20)
        c.wait_healthy(3, 60)
        check(member_id(witness, victim) != old, "the same id serves again")
        check(len(set_aside(victim)) == 1 and "removed-from-cluster" in set_aside(victim)[0], f"set aside: {set_aside(victim)}")


def two_of_five_are_replaced_at_once():
    with Life(7) as c:
        c.instances = 5
        c.list_only(c.nodes[:5])
        c.start(c.nodes[:5])
        c.wait_healthy(5, nodes=c.nodes[:5])
        gone = [member_id(c.nodes[0], n) for n in c.nodes[3:5]]
        for node in c.nodes[3:5]:
            node.kill()
        now = c.nodes[:3] + c.nodes[5:]
        c.start(c.nodes[5:])
        c.list_only(now)
        took = settle(c, 5, 120, now)
        check(not set(gone) & set(c.nodes[0].members()), "a dead id is still there")
        print(f"two of five replaced: five voters after {took:.1f} s")


SCENARIOS = [a_node_that_moves_keeps_its_member_id, a_move_is_healthy_soon, all_move_at_once_and_the_same_three_serve,
             a_wiped_disk_is_a_dead_id_and_a_newcomer, a_damaged_log_is_given_up_by_its_owner, two_of_five_are_replaced_at_once]

if __name__ == "__main__":
    main(SCENARIOS)
