#!/usr/bin/env python3
"""Scenarios on real etcd and real fluxpgd. usage: test_native.py SCENARIO [ROUNDS] | --list"""
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from native import APP, SUBNET, Cluster, run, wait_until  # noqa: E402

WINDOW = 10  # listing.absence_window of these tests, in seconds


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def removals(node):
    return [d for d in node.json("decisions")["decisions"] if d["command"].startswith("etcdctl member remove")]


def member_id(witness, node):
    return next(i for i, (name, _) in witness.members().items() if name == node.name)


def evicted(witness, member, timeout):
    _, took = wait_until(f"{member} removed", lambda: member not in witness.members(), timeout)
    return took


def check_explained(node, member, outcome="done"):
    """As this node tells it once it has read that the decision is closed: the member list may be a second ahead of that."""
    closed = lambda: (told := node.json("explain", member))["outcome"] != "open" and told  # noqa: E731
    decision, _ = wait_until(f"the decision about {member} is closed", closed, 15)
    check(decision["outcome"] == outcome, f"outcome is {decision['outcome']}, expected {outcome}")
    dead = [v for v in decision["votes"] if v["vote"] == "dead"]
    check(dead and all(v["signature_valid"] for v in decision["votes"]), f"votes: {decision['votes']}")
    check(all(v["evidence"] for v in dead), "a dead vote without evidence")
    return decision


def three_fresh_nodes_found_one_cluster():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        lists = [set(n.members()) for n in c.nodes]
        check(len(lists[0]) == 3 and all(x == lists[0] for x in lists), f"different member lists: {lists}")
        founded = c.nodes[0].get("founded")
        check(len(founded["founders"]) == 3, f"founders: {founded}")
        wait_until("status exits 0, survives 1",
                   lambda: (s := c.nodes[0].ctl("status")).returncode == 0 and "survives 1" in s.stdout, 20)


def a_dead_unlisted_member_is_evicted_once_and_explained_for_ever():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        victim, witness = c.nodes[2], c.nodes[0]
        member = member_id(witness, victim)
        victim.kill()
        c.list_only(c.nodes[:2])
        took = evicted(witness, member, WINDOW + 15 + 10)
        print(f"killed and unlisted -> removed after {took:.1f} s")
        check(took <= WINDOW + 15, f"removal took {took:.1f} s")
        wait_until("decision closed", lambda: len(removals(witness)) == 1, 15)
        check_explained(witness, member)
        for node in c.nodes[:2]:
            node.signal(signal.SIGKILL, ("fluxpgd",))
        for node in c.nodes[:2]:
            wait_until("status after restart", lambda n=node: n.json("status")["voters"] == 2, 30)
            wait_until("still explained", lambda n=node: check_explained(n, member), 20)
            check(len(removals(node)) == 1, "more than one removal in the history")


def a_live_member_is_never_evicted_whatever_the_api_says():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        before = set(c.nodes[0].members())
        c.list_only(c.nodes[:2])
        wait_until("said to be live but unlisted", lambda: "live but unlisted" in c.nodes[0].ctl("status").stdout, WINDOW + 20)
        check(c.nodes[0].ctl("status").returncode == 1, "status does not exit 1")
        time.sleep(WINDOW + 10)
        for mode in ("empty", "error", "html502", "truncated", "hang", "slow", "huge", "redirect"):
            c.fault(mode)
            time.sleep(5)
            start = time.monotonic()
            check(c.nodes[0].ctl("status").returncode in (0, 1), f"status under {mode}")
            # A hanging API is waited for 8 s; the answer takes milliseconds, and a busy machine a moment to start the program.
            check(time.monotonic() - start < 1.5, f"status took {time.monotonic() - start:.2f} s under {mode}")
        check(set(c.nodes[0].members()) == before, "a member was removed")
        check(removals(c.nodes[0]) == [], "a removal was decided")


def two_corpses_of_five_go_one_at_a_time():
    with Cluster(5) as c:
        c.start()
        c.wait_healthy(5)
        corpses, witness = c.nodes[3:], c.nodes[0]
        ids = [member_id(witness, n) for n in corpses]
        for node in corpses:
            node.kill()
        c.list_only(c.nodes[:3])
        wait_until("both removed", lambda: not set(ids) & set(witness.members()), 60)
        decisions, _ = wait_until("two decisions", lambda: len(removals(witness)) == 2 and removals(witness), 15)
        sizes = [len(witness.get(f"history/{d['epoch']}")["electorate"]["voters"]) for d in reversed(decisions)]
        check(sizes == [5, 4], f"electorates of the two decisions: {sizes}")
        for member in ids:
            check_explained(witness, member)
        check(witness.json("status")["failures_survivable"] == 1, "3 of 3 live voters survive one failure")


def without_a_majority_of_daemons_nobody_is_evicted():
    with Cluster(5) as c:
        c.start()
        c.wait_healthy(5)
        for node in c.nodes[3:]:
            node.stop_daemon()  # their etcds live on
        c.nodes[2].kill()
        c.list_only([c.nodes[0], c.nodes[1], c.nodes[3], c.nodes[4]])
        text, _ = wait_until("status says how many votes are missing",
                             lambda: [n.ctl("status").stdout for n in c.nodes[:2] if "1 missing" in n.ctl("status").stdout], 60)
        print(text[0])
        time.sleep(WINDOW + 15)
        check(len(c.nodes[0].members()) == 5, "somebody was evicted without a majority of votes")


def the_remover_may_die_at_any_moment(rounds=6):
    with Cluster(5) as c:
        c.start()
        c.wait_healthy(5)
        seed = int(os.environ.get("FLUXPG_SEED", random.randrange(10**6)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        done = 0
        for _ in range(rounds):
            remover, _ = wait_until("a remover", c.remover, 30)
            victim = chance.choice([n for n in c.nodes if n is not remover])
            witness = next(n for n in c.nodes if n not in (remover, victim))
            member = member_id(witness, victim)
            epoch = witness.json("status")["epoch"]
            victim.kill()
            c.list_only([n for n in c.nodes if n is not victim])
            moment = chance.choice(["open", "before", "after"])
            if moment == "before":
                time.sleep(WINDOW + chance.random() * 4)
            else:
                wait_until("a new decision", lambda: witness.json("status")["epoch"] != epoch, 60, step=0.02)
                time.sleep(chance.random() * (0.05 if moment == "open" else 0.5))
            remover.signal(signal.SIGKILL, ("fluxpgd",))
            evicted(witness, member, 120)
            done += 1
            wait_until("history complete", lambda: len(removals(witness)) == done and witness.json("status")["open_decision"] is None, 90)
            check(all(d["outcome"] == "done" for d in removals(witness)), "an outcome other than done")
            check_explained(witness, member)
            print(f"round {done}: remover killed '{moment}', exactly one removal")
            run("rm", "-rf", f"{victim.home}/etcd")  # it comes back with an empty disk, as another node
            victim.start()
            c.list_only(c.nodes)
            c.wait_healthy(5, timeout=90)


def a_stranger_on_the_victims_address_does_not_save_it():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        victim, witness = c.nodes[2], c.nodes[0]
        member = member_id(witness, victim)
        victim.kill()
        listen = ("import selectors,socket\ns=selectors.DefaultSelector()\n"
                  "for p in (2379,2380,7946):\n"
                  "  l=socket.create_server(('0.0.0.0',p)); s.register(l,1)\n"
                  "kept=[]\nwhile True:\n  for k,_ in s.select(): kept.append(k.fileobj.accept())\n")
        import subprocess
        stranger = subprocess.Popen(["ip", "netns", "exec", victim.ns, "python3", "-c", listen])
        try:
            c.list_only(c.nodes[:2])
            evicted(witness, member, WINDOW + 30)
            wait_until("decision closed", lambda: len(removals(witness)) == 1, 15)
            check_explained(witness, member)
        finally:
            stranger.kill()
            stranger.wait()


def a_resumed_victim_vetoes():
    # The dwell is longer than the window, so that there is a moment at which the victim is dead, but not yet decided.
    with Cluster(3, settings={"rules.dead_for_unlisted": "15s"}) as c:
        c.start()
        c.wait_healthy(3)
        victim, witness = c.nodes[2], c.nodes[0]
        if c.remover() is victim:
            victim = c.nodes[1]
        other = [n for n in c.nodes if n is not victim]
        member = member_id(witness, victim)
        victim.signal(signal.SIGSTOP, ("etcd", "fluxpgd"))
        c.list_only(other)
        wait_until("held dead", lambda: any(m["gossip"] == "dead" for m in witness.json("members")["members"]), 20)
        # Only its etcd wakes up: its daemon stays silent, gossip holds it dead, and the ballot must hear the veto of its etcd.
        victim.signal(signal.SIGCONT, ("etcd",))
        text, _ = wait_until("the veto is shown", lambda: [n.ctl("status").stdout for n in other if "vetoed" in n.ctl("status").stdout], 60)
        print(text[0])
        check(member in witness.members(), "a live etcd was removed")
        time.sleep(15)
        check(member in witness.members(), "a live etcd was removed")
        victim.signal(signal.SIGCONT, ("fluxpgd",))
        c.list_only(c.nodes)
        c.wait_healthy(3)
        check(removals(witness) == [], "a removal was decided")


def what_others_write_into_etcd_is_not_carried_out():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        witness, victim = c.nodes[0], c.nodes[2]
        member = member_id(witness, victim)
        before = set(witness.members())
        # A foreign decision: well-formed, but nobody voted for it.
        forged = forge(witness, victim, member)
        witness.etcdctl("put", f"/fluxpg/{APP}/record", json.dumps(forged))
        wait_until("the forged decision is said",
                   lambda: any("certificate" in p or "votes are valid" in p for n in c.nodes for p in n.json("status")["problems"]), 20)
        victim.signal(signal.SIGSTOP, ("etcd", "fluxpgd"))  # even a dead victim is not removed by it
        time.sleep(12)
        check(set(witness.members()) == before, "a forged decision was carried out")
        victim.signal(signal.SIGCONT, ("etcd", "fluxpgd"))
        witness.etcdctl("put", f"/fluxpg/{APP}/record", "this is no record")
        wait_until("the damaged record is said",
                   lambda: any("record" in p for n in c.nodes for p in n.json("status")["problems"]), 20)
        witness.etcdctl("del", f"/fluxpg/{APP}/record")
        # Somebody writes over the remover key, under another lease: nobody acts while it stands, which it does until that lease is revoked.
        lease = witness.etcdctl("lease", "grant", "600").stdout.split()[1]
        witness.etcdctl("put", f"--lease={lease}", f"/fluxpg/{APP}/remover",
                        json.dumps({"node": "0" * 63 + "1", "member": "abc"}))
        wait_until("the foreign remover key is said",
                   lambda: any("remover key" in p for n in c.nodes for p in n.json("status")["problems"]), 20)
        victim.kill()
        c.list_only(c.nodes[:2])
        time.sleep(WINDOW + 15)
        check(member in witness.members(), "somebody removed without the key")
        witness.etcdctl("lease", "revoke", lease)
        evicted(witness, member, 40)


def forge(witness, victim, member):
    cluster = witness.json("status")["cluster_id"]
    voters = sorted(witness.members(), key=lambda i: int(i, 16))
    node = witness.get(f"nodes/{member}")["node"]
    nobody = "0" * 64
    electorate = {"cluster": cluster, "voters": voters}
    ballot = {"id": "01" * 16, "opener": node, "revision": 1, "why": "unlisted", "opened_at_ms": 0, "electorate": electorate,
              "victim": {"member": member, "peer_url": "https://x:2380", "node": node, "incarnation": 1}}
    return {"kind": "remove", "member": member, "node": node, "name": victim.name, "peer_url": "https://x:2380", "rule": "unlisted",
            "reason": "forged", "electorate": electorate, "certificate": {"ballot": ballot, "votes": []}, "remover": node,
            "decided_at_ms": 0, "command": f"etcdctl member remove {member}", "outcome": "", "detail": "", "closed_by": nobody,
            "closed_at_ms": 0, "epoch": 0}


SCENARIOS = [three_fresh_nodes_found_one_cluster, a_dead_unlisted_member_is_evicted_once_and_explained_for_ever,
             a_live_member_is_never_evicted_whatever_the_api_says, two_corpses_of_five_go_one_at_a_time,
             without_a_majority_of_daemons_nobody_is_evicted, the_remover_may_die_at_any_moment,
             a_stranger_on_the_victims_address_does_not_save_it, a_resumed_victim_vetoes,
             what_others_write_into_etcd_is_not_carried_out]


def main(scenarios):
    names = {s.__name__: s for s in scenarios}
    if len(sys.argv) < 2 or sys.argv[1] == "--list" or sys.argv[1] not in names:
        print("\n".join(names))
        sys.exit(0 if "--list" in sys.argv else 64)
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    sys.stdout.reconfigure(line_buffering=True)
    names[sys.argv[1]](*[int(a) for a in sys.argv[2:]])
    print("passed")


if __name__ == "__main__":
    main(SCENARIOS)
