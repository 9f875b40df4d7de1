#!/usr/bin/env python3
"""Losing the majority and recovering from what is left, on real etcd and real fluxpgd. usage: test_recover.py SCENARIO | --list"""
import glob
import json
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from native import APP, Cluster, wait_until  # noqa: E402
from test_native import check, main  # noqa: E402


def says(node, text):
    status = node.json("status")
    return any(text in sentence for sentence in [*status["problems"], *(f"{d['what']} {d['waits_for']}" for d in status["doing"])])


def cluster_id(node):
    return node.json("status")["cluster_id"]


def lost_is_named(node, others):
    status, took = wait_until(f"{node.name} names what is lost", lambda: (s := node.json("status"))["health"] == "majority_lost" and s, 20)
    check(node.ctl("status").returncode == 2, "status does not exit 2")
    loss = status["majority_loss"]
    check({v["name"] for v in loss["lost"]} == {n.name for n in others}, f"lost: {loss['lost']}")
    check({v["address"] for v in loss["lost"]} == {n.address for n in others} and all(v["since"] for v in loss["lost"]), f"lost: {loss['lost']}")
    check(loss["needed"] == 2 and "coming back" in loss["cure"], f"cure: {loss['cure']}")
    return took


def answer_for(nodes):
    return [word for n in nodes for word in ("--although-they-may-live", n.address)]


def recovers(node, *arguments):
    """Seconds until its etcd takes writes again."""
    begun = time.monotonic()
    wait_until("recover begins", lambda: (a := node.ctl("recover", "--app", APP, *arguments)).returncode == 0 or print(a.stdout), 15, step=1)
    wait_until("etcd takes writes again", lambda: node.etcdctl("put", "recovered", "yes", check=False, timeout=5).returncode == 0, 40)
    took = time.monotonic() - begun
    print(f"  recover to writable: {took:.1f} s")
    wait_until("the recovery is over", lambda: node.json("status")["health"] != "majority_lost" and cluster_id(node)
               and node.get("remover"), 40)
    voters = [name for name, learner in node.members().values() if not learner]  # whoever is fresh may join at once
    check(voters == [node.name], f"members: {node.members()}")
    check(glob.glob(f"{node.home}/etcd/data.set-aside-*recovered-by-an-operator*"), "the old data was not set aside")
    return took


def three_voters_of_one_cluster(nodes, cluster):
    wait_until("three voters of one cluster", lambda: all(cluster_id(n) == cluster for n in nodes) and
               [learner for _, learner in nodes[0].members().values()] == [False] * 3, 120)
    for node in nodes:
        check(node.etcdctl("get", "--print-value-only", "witness").stdout.strip() == "written before", f"{node.name} lacks the key")


def the_last_voter_of_three_is_recovered_and_the_dead_join_it(restarted=""):
    """restarted: also kills its etcd first, which then serves nobody: the copy is taken without its help."""
    with Cluster(3) as c:
        first, *others = c.nodes
        c.start()
        c.wait_healthy(3)
        first.etcdctl("put", "witness", "written before")
        old = cluster_id(first)
        check(first.ctl("recover").returncode == 1, "recover is not refused while all is well")
        for node in others:
            node.kill()
        took = lost_is_named(first, others)
        print(f"  majority lost is named after {took:.1f} s")
        check(took <= 15, f"named after {took:.1f} s")
        first.signal(signal.SIGKILL, ["etcd", "fluxpgd"] if restarted else ["fluxpgd"])
        wait_until("the daemon is back", lambda: first.ctl("members").returncode == 2, 30)
        lost_is_named(first, others)
        shown = first.ctl("recover")
        print(shown.stdout)
        check(shown.returncode == 1 and "Refused" in shown.stdout, "listed voters are not taken for ones that may live")
        check(first.ctl("recover", "--app", "another", *answer_for(others)).returncode == 1, "any name of an app will do")
        check(cluster_id(first) == old, "something was done")
        recovers(first, *answer_for(others))
        new = cluster_id(first)
        check(new != old, "the cluster id is the old one")
        others[0].start()
        wait_until("one of the dead joins", lambda: [m for m in first.members().values() if m[0] == others[0].name], 90)
        others[1].start()
        three_voters_of_one_cluster(c.nodes, new)
        check(glob.glob(f"{others[0].home}/etcd/data.set-aside-*cluster-given-up*"), "the old data was not set aside")
        c.wait_healthy(3)


def a_copy_is_taken_of_an_etcd_that_does_not_serve():
    the_last_voter_of_three_is_recovered_and_the_dead_join_it("restarted")


def both_dead_return_at_once_and_form_no_second_cluster():
    with Cluster(3) as c:
        first, *others = c.nodes
        c.start()
        c.wait_healthy(3)
        first.etcdctl("put", "witness", "written before")
        for node in others:
            node.kill()
        both_return_and_wait_for_an_operator(c, first, others)


def both_return_and_wait_for_an_operator(c, first, others):
    """`first` alone is left, and is recovered."""
    lost_is_named(first, others)
    recovers(first, *answer_for(others))
    c.start(others)
    new = cluster_id(first)
    for node in others:
        wait_until(f"{node.name} says what an operator can do", lambda n=node: says(n, "recover --rejoin") or cluster_id(n) == new, 40)
    time.sleep(10)
    for node in others:
        if glob.glob(f"{node.home}/etcd/data.set-aside-*cluster-given-up*"):
            continue  # on a busy machine the other came ten seconds later: this one was alone, and joined
        check(node.pid_of("etcd") == [], f"the etcd of {node.name} runs on data that was given up")
        check(node.ctl("recover", "--rejoin").returncode == 0, "recover --rejoin")
    three_voters_of_one_cluster(c.nodes, new)


def remembers(node):
    try:
        return json.load(open(f"{node.home}/etcd/fluxpg/state.json"))
    except (OSError, ValueError):
        return {"chosen": False, "voters": []}


def first_leader(nodes):
    """The node whose etcd leads, as soon as there is one."""
    for node in nodes:
        answer = node.etcdctl("endpoint", "status", "-w", "json", check=False, timeout=5) if node.pid_of("etcd") else None
        for status in json.loads(answer.stdout or "[]") if answer else []:
            if status["Status"].get("leader") and status["Status"]["leader"] == status["Status"]["header"]["member_id"]:
                return node
    return None


def founders_that_ended_before_they_knew_form_no_second_cluster():
    for _ in range(5):
        with Cluster(3) as c:
            c.start()
            first = wait_until("an etcd leads", lambda: first_leader(c.nodes), 40, step=0.05)[0]
            others = [n for n in c.nodes if n is not first]
            for node in others:
                node.signal(signal.SIGSTOP, ["fluxpgd"])  # their etcds commit what the leader's daemon founds
            wait_until("the founding is chosen, and noted", lambda: (s := remembers(first))["chosen"] and len(s["voters"]) == 3, 20)
            first.etcdctl("put", "witness", "written before")
            for node in others:
                node.kill()
            if any(remembers(node)["chosen"] for node in others):
                print("  they were stopped too late, and knew: once more")
                continue
            return both_return_and_wait_for_an_operator(c, first, others)
    check(False, "the others always knew before they could be stopped")


def a_recovery_beside_a_living_majority_touches_nothing_of_it():
    with Cluster(3) as c:
        first, *others = c.nodes
        c.start()
        c.wait_healthy(3)
        old, members = cluster_id(first), others[0].members()
        c.cut(first)
        lost_is_named(first, others)
        refused = first.ctl("recover", "--app", APP)
        check(refused.returncode == 1 and "Refused" in refused.stdout, f"recover on a minority: {refused.stdout}")
        recovers(first, *answer_for(others))
        others[0].etcdctl("put", "witness", "of the majority")
        c.heal(first)
        for node in others:
            wait_until(f"{node.name} reports it", lambda n=node: says(n, "its majority lives"), 40)
        wait_until("the recovered node reports it", lambda: says(first, "the app has two clusters"), 40)
        for node in others:
            check(cluster_id(node) == old and set(node.members()) <= set(members), "the old majority is not what it was")
            check(node.etcdctl("get", "--print-value-only", "witness").stdout.strip() == "of the majority", "it lacks its own write")
            check(not glob.glob(f"{node.home}/etcd/data.set-aside-*"), "its data was set aside")


def two_of_three_disks_are_lost_while_the_third_is_down():
    with Cluster(3) as c:
        first, *others = c.nodes
        c.start()
        c.wait_healthy(3)
        first.etcdctl("put", "witness", "written before")
        # What is a moment old may be in etcd's log only, and a copy is taken of its database; a cluster that young is on nobody's disk.
        time.sleep(3)
        wait_until("the voters are remembered", lambda: len(remembers(first)["voters"]) == 3, 20)
        first.kill()
        for node in others:
            node.kill()
            shutil.rmtree(node.home)
            node.start()
        for node in others:
            wait_until(f"{node.name} says whom it waits for", lambda n=node: says(n, f"{first.address} is listed and silent"), 40)
        time.sleep(20)
        check(all(n.pid_of("etcd") == [] for n in others), "something was founded over the silent copy")
        first.start()
        lost_is_named(first, others)
        recovers(first)
        three_voters_of_one_cluster(c.nodes, cluster_id(first))


SCENARIOS = [the_last_voter_of_three_is_recovered_and_the_dead_join_it, a_copy_is_taken_of_an_etcd_that_does_not_serve,
             both_dead_return_at_once_and_form_no_second_cluster,
             founders_that_ended_before_they_knew_form_no_second_cluster, a_recovery_beside_a_living_majority_touches_nothing_of_it,
             two_of_three_disks_are_lost_while_the_third_is_down]

if __name__ == "__main__":
    main(SCENARIOS)
