#!/usr/bin/env python3
"""What a node finds on its disk, hears about itself, or cannot reach. usage: test_bad_input.py SCENARIO | --list"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from life import Life, set_aside, wipe  # noqa: E402
from native import BIN, SUBNET, read, run, wait_until  # noqa: E402
from test_native import check, main, member_id, removals  # noqa: E402


def says(node, *texts):
    problems = " | ".join(node.json("status")["problems"])
    return all(text in problems for text in texts)


def etcd_ran(node):
    return os.path.exists(f"{node.home}/log/etcd.log") and node.log("etcd") != ""


def a_clone_of_a_volume_is_reported_by_all_and_votes_nowhere():
    with Life(4, fixed_addresses=True) as c:
        c.instances = 3
        three, clone = c.nodes[:3], c.nodes[3]
        c.list_only(three)
        c.start(three)
        c.wait_healthy(3, nodes=three)
        before = set(three[0].members())
        run("cp", "-a", three[2].home, clone.home)
        run("rm", "-rf", f"{clone.home}/log", f"{clone.home}/run")
        c.list_only(c.nodes)
        clone.start()
        wait_until("the clone says so", lambda: says(clone, "answers with this node's id"), 30)
        for node in three:
            wait_until(f"{node.name} says so", lambda n=node: says(n, "this node's id" if n is three[2] else "two nodes"), 30)
        check(not clone.pid_of("etcd"), "the clone's etcd runs")
        time.sleep(30)
        for node in three:
            check(node.json("status")["voters_live"] == 3, f"{node.name} does not count the original as alive")
        for node in three:
            print(node.ctl("status").stdout)
        check(set(three[0].members()) == before, "somebody was evicted")
        # The original may restart beside its clone; with the clone gone, all is well again.
        three[2].signal(signal.SIGKILL, ("etcd",))
        wait_until("the original serves again", lambda: three[2].etcdctl("get", "x").returncode == 0, 60)
        clone.kill()
        c.list_only(three)
        c.wait_healthy(3, 150, nodes=three)


def foreign_data_is_reported_and_stays_down():
    """A volume of an earlier cluster, complete and able to serve alone, comes up beside the cluster that serves now."""
    with Life(4, fixed_addresses=True) as c:
        c.instances = 3
        old, now = c.nodes[3], c.nodes[:3]
        old.settings = {"rules.expected_nodes": 1}
        c.list_only([old])
        old.start()
        c.wait_healthy(1, nodes=[old])
        old.etcdctl("put", "only", "copy")
        cluster = old.json("status")["cluster_id"]
        old.kill()
        c.list_only(now)
        c.start(now)
        c.wait_healthy(3, nodes=now)
        members = set(now[0].members())
        c.list_only(c.nodes)
        started = len(old.log("etcd"))
        old.start()
        wait_until("it says so", lambda: says(old, "stay down here", cluster), 30)
        for node in now:
            wait_until(f"{node.name} says so", lambda n=node: says(n, "another etcd cluster", cluster), 30)
        time.sleep(45)
        print(old.ctl("status").stdout, now[0].ctl("status").stdout)
        check(says(old, "stay down here") and len(old.log("etcd")) == started, "the old cluster's etcd was started")
        check(set_aside(old) == [] and set(now[0].members()) == members, "something was changed")
        # Without the others it serves what it has.
        for node in now:
            node.kill()
        wait_until("it serves", lambda: old.etcdctl("get", "--print-value-only", "only").stdout == "copy\n", 90)


def an_unreadable_directory_is_no_empty_one():
    with Life(3, fixed_addresses=True) as c:
        c.start()
        c.wait_healthy(3)
        victim, witness = c.nodes[2], c.nodes[0]
        members = set(witness.members())
        victim.kill()
        data = f"{victim.home}/etcd/data"
        os.rename(data, data + "-hidden")
        with open(data, "w"):
            pass  # a file where a directory should be
        victim.start()
        wait_until("it says so", lambda: says(victim, "cannot be read: Not a directory"), 30)
        print(victim.ctl("status").stdout)
        time.sleep(20)
        check(set(witness.members()) == members and removals(witness) == [], "somebody was evicted")
        os.remove(data)
        os.rename(data + "-hidden", data)
        c.wait_healthy(3, 60)
        check(set(witness.members()) == members, "another member list")


def a_disk_that_takes_nothing_is_told_and_waited_for():
    """Full, then read-only: the daemon stays to say so, and goes on by itself when the disk takes its promises again."""
    with Life(3, fixed_addresses=True) as c:
        victim, witness = c.nodes[2], c.nodes[0]
        volume = f"{victim.home}/etcd"
        os.makedirs(volume)
        run("mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", volume)
        try:
            c.start()
            c.wait_healthy(3)
            members = set(witness.members())
            run("dd", "if=/dev/zero", f"of={volume}/filler", "bs=1M", check=False)
            victim.signal(signal.SIGKILL, ("fluxpgd",))
            wait_until("it says that the disk is full", lambda: says(victim, "No space left on device"), 20)
            print(victim.ctl("status").stdout)
            time.sleep(15)
            check(victim.etcdctl("get", "x").returncode == 0, "etcd does not serve any more")
            os.remove(f"{volume}/filler")
            c.wait_healthy(3, 40)
            victim.kill()
            wait_until("nothing writes there any more", lambda: run("mount", "-o", "remount,ro", volume).returncode == 0, 10)
            victim.start()
            wait_until("it says that the disk is read-only", lambda: says(victim, "Read-only file system"), 20)
            print(victim.ctl("status").stdout)
            time.sleep(20)
            run("mount", "-o", "remount,rw", volume)
            run("nsenter", "-t", str(victim.process.pid), "-m", "mount", "-o", "remount,rw", volume)  # it has mounts of its own
            c.wait_healthy(3, 60)
            check(set(witness.members()) == members and removals(witness) == [], "somebody was evicted")
        finally:
            for node in c.nodes:
                for pid in node.pids():
                    os.kill(pid, signal.SIGKILL)
            time.sleep(1)
            run("umount", "-l", volume)


def a_state_that_cannot_be_trusted_is_left_as_it_is():
    with Life(1) as c:
        node = c.nodes[0]
        node.write_files()
        path = f"{node.home}/etcd/fluxpg/state.json"
        good = {"format": 1, "app": "native-test", "incarnation_limit": 5, "promised": None, "started_token": "", "chosen": False,
                "cluster": "0", "member": "0", "peers": []}
        for text, sentence in [(json.dumps(good)[:40], "is not complete JSON"), (json.dumps({**good, "format": 99}), "newer fluxpg"),
                               (json.dumps({**good, "app": "another"}), 'belongs to the app "another"'), ("", "is not complete JSON"),
                               (json.dumps({**good, "cluster": "xyz"}), "cannot be understood")]:
            with open(path, "w") as file:
                file.write(text)
            done = run(f"{BIN}/fluxpgd", "--config", f"{node.home}/fluxpg.yml", check=False, timeout=20)
            check(done.returncode == 78 and sentence in done.stdout + done.stderr, f"{sentence}: {done.returncode} {done.stdout} {done.stderr}")
            check(read(path) == text, "the file was changed")
            check(os.listdir(f"{node.home}/etcd/fluxpg").count("identity.key") == 0, "an identity was made beside it")


def many_directories_that_were_set_aside_are_an_operators_business():
    with Life(3, fixed_addresses=True) as c:
        for day in range(1, 7):
            os.makedirs(f"{c.nodes[0].home}/etcd/data.set-aside-2026010{day}T000000Z-removed-from-cluster")
        c.start()
        wait_until("it asks", lambda: says(c.nodes[0], "6 directories of old etcd data were set aside"), 30)
        check(len(set_aside(c.nodes[0])) == 6, "one was deleted")


def a_host_that_errs_or_lies_about_the_address_costs_nobody_its_seat():
    with Life(3) as c:
        for node in c.nodes:
            c.host_says(node, None)
        c.start()
        for node in c.nodes:
            wait_until("it says for what it waits", lambda n=node: says(n, "own address is unknown", "hostinfo failed"), 20)
        for node in c.nodes:
            c.host_says(node, node.address)
        c.wait_healthy(3)
        liar, witness = c.nodes[2], c.nodes[0]
        members = set(witness.members())
        c.host_says(liar, None)
        time.sleep(40)
        c.wait_healthy(3, 5)
        c.host_says(liar, f"{SUBNET}.200")  # nobody is there
        wait_until("its daemon believes it", lambda: f"{SUBNET}.200" in liar.log(), 60)
        wait_until("somebody says that it is not reached there",
                   lambda: any(f"{SUBNET}.200" in p for n in c.nodes for p in n.json("status")["problems"]), 90)
        for node in c.nodes:
            print(node.ctl("status").stdout)
        c.host_says(liar, c.nodes[1].address)  # another's
        time.sleep(60)
        for node in c.nodes:
            print(node.ctl("status").stdout)
        check(set(witness.members()) == members and removals(witness) == [], "somebody was evicted")
        check(witness.etcdctl("put", "x", "1").returncode == 0, "no quorum")
        c.host_says(liar, liar.address)
        c.wait_healthy(3, 90)
        check(set(witness.members()) == members, "another member list")


def ports_that_nobody_reaches_from_outside_are_named():
    with Life(3, fixed_addresses=True) as c:
        c.start()
        c.wait_healthy(3)
        shut, witness = c.nodes[2], c.nodes[0]
        members = set(witness.members())
        for port, name in ((2379, "etcd client port"), (2380, "etcd peer port"), (7946, "gossip port")):
            rule = ("-i", "eth0", "-p", "tcp", "--dport", str(port), "-j", "DROP")
            run("ip", "netns", "exec", shut.ns, "iptables", "-I", "INPUT", *rule)
            start = time.monotonic()
            wait_until(f"{name} is named", lambda: says(witness, name, shut.address), 90)
            print(f"{name}: named after {time.monotonic() - start:.1f} s\n{shut.ctl('status').stdout}{witness.ctl('status').stdout}")
            if port == 7946:
                wait_until("the node itself says so", lambda: says(shut, "gossip port"), 60)
            run("ip", "netns", "exec", shut.ns, "iptables", "-D", "INPUT", *rule)
            c.wait_healthy(3, 60)
        check(set(witness.members()) == members and removals(witness) == [], "somebody was evicted")


SCENARIOS = [a_clone_of_a_volume_is_reported_by_all_and_votes_nowhere, foreign_data_is_reported_and_stays_down,
             an_unreadable_directory_is_no_empty_one, a_disk_that_takes_nothing_is_told_and_waited_for,
             a_state_that_cannot_be_trusted_is_left_as_it_is, many_directories_that_were_set_aside_are_an_operators_business,
             a_host_that_errs_or_lies_about_the_address_costs_nobody_its_seat, ports_that_nobody_reaches_from_outside_are_named]

if __name__ == "__main__":
    main(SCENARIOS)
