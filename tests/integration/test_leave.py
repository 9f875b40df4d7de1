#!/usr/bin/env python3
"""Going on purpose, on real etcd under real supervisord: leave, and what a killed process means. usage: test_leave.py SCENARIO | --list"""
import glob
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from native import BIN, Cluster, wait_until  # noqa: E402
from test_native import check, check_explained, main, member_id, removals  # noqa: E402


def leader(cluster, nodes):
    """As etcdctl sees it: the node whose member leads."""
    for node in nodes:
        status = node.etcdctl("endpoint", "status", check=False).stdout.split(", ")
        if len(status) > 4 and status[4] == "true":
            return node
    return None


def leaves(node, timeout=60):
    start = time.monotonic()
    done = subprocess.run([f"{BIN}/fluxpgctl", "--socket", f"{node.home}/run/status.sock", "leave"], capture_output=True, text=True,
                          timeout=timeout)
    print(f"{node.name} leaves, {time.monotonic() - start:.1f} s, exit {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def stays_away(node, witness, member, for_seconds):
    end = time.monotonic() + for_seconds
    while time.monotonic() < end:
        check(node.pid_of("etcd") == [], "its etcd was started again")
        check(node.name not in [name for name, _ in witness.members().values()] and member not in witness.members(), "it joined again")
        time.sleep(1)


def the_leader_and_the_remover_leave_and_one_comes_back():
    with Cluster(5) as c:
        c.start()
        c.wait_healthy(5)
        gone = []
        for choose in (lambda nodes: leader(c, nodes), lambda nodes: c.remover(nodes)):
            rest = [n for n in c.nodes if n not in gone]
            node, _ = wait_until("there is one", lambda r=rest, f=choose: f(r), 20)
            witness = next(n for n in rest if n is not node)
            member = member_id(witness, node)
            check(leaves(node).returncode == 0, "leave does not exit 0")
            check(member not in witness.members(), "it says that it has left, and etcd still lists it")
            decision, _ = wait_until("explained", lambda w=witness, m=member: check_explained(w, m), 20)
            check(decision["rule"] == "leave" and len(decision["votes"]) >= 4, f"the decision: {decision}")
            check(any(v["voter"] == member and v["vote"] == "dead" for v in decision["votes"]), "its own consent is not in the certificate")
            wait_until("its etcd has ended", lambda n=node: n.pid_of("etcd") == [], 20)
            gone.append(node)
        witness = next(n for n in c.nodes if n not in gone)
        check(len(removals(witness)) == 2 and len(witness.members()) == 3, "other removals than the two")
        back = gone[0]
        back.signal(signal.SIGKILL, ("fluxpgd",))
        wait_until("left, also after a restart of the daemon", lambda: back.json("status")["leave"]["state"] == "left", 30)
        stays_away(back, witness, "", 12)
        check(leaves(back).returncode == 0, "leave is not the same when it is done already")
        check(back.ctl("leave", "--cancel").returncode == 0, "cancel")
        wait_until("a voter again", lambda: (back.name, False) in (m := witness.members()).values() and len(m) == 4, 90)
        check(glob.glob(f"{back.home}/etcd/data.set-aside-*"), "its old data was not set aside")
        check(len(removals(witness)) == 2, "somebody was evicted")


def a_leave_waits_for_the_dead_and_is_refused_to_the_last_two():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        node, dead, witness = c.nodes
        member = member_id(witness, node)
        dead.signal(signal.SIGSTOP, ("etcd", "fluxpgd"))
        wait_until("held dead", lambda: any(m["gossip"] == "dead" for m in witness.json("members")["members"]), 20)
        asking = subprocess.Popen([f"{BIN}/fluxpgctl", "--socket", f"{node.home}/run/status.sock", "leave"], stdout=subprocess.PIPE, text=True)
        wait_until("says for whom it waits", lambda: "1 more of the other voters" in node.ctl("status").stdout, 20)
        time.sleep(8)
        check(len(witness.members()) == 3, "it left although one of two would have been dead")
        asking.send_signal(signal.SIGINT)  # the leave goes on
        asking.communicate(timeout=20)
        dead.signal(signal.SIGCONT, ("etcd", "fluxpgd"))
        wait_until("it has left", lambda: member not in witness.members(), 60)
        wait_until("and knows", lambda: node.json("status")["leave"]["state"] == "left", 30)
        refused = leaves(witness)
        check(refused.returncode == 1 and "refused" in refused.stderr and "only 2 voters" in refused.stderr, "not refused to one of two")
        check(len(witness.members()) == 2, "a voter of two was removed")


def status_of(node):
    status = node.json("status")
    return status["problems"] + [d["what"] + ": " + (d["waits_for"] or "") for d in status["doing"]]


def the_daemon_may_be_killed_and_etcd_comes_back_by_itself():
    with Cluster(3) as c:
        c.start()
        c.wait_healthy(3)
        node = c.nodes[0]
        members = set(node.members())
        etcd = node.pid_of("etcd")
        check(len(etcd) == 1, f"etcd: {etcd}")
        node.signal(signal.SIGKILL, ("fluxpgd",))
        wait_until("the daemon is back", lambda: node.json("status")["health"] == "healthy", 40)
        control = ["ip", "netns", "exec", node.ns, "supervisorctl", "-s", f"unix://{node.home}/run/supervisor.sock"]
        subprocess.run([*control, "restart", "updater"], check=True, capture_output=True, timeout=60)
        wait_until("the daemon is back", lambda: node.json("status")["health"] == "healthy", 40)
        check(node.pid_of("etcd") == etcd, "a daemon that was killed or restarted took etcd with it")

        def told():
            return any("own etcd does not answer" in s or "starting etcd" in s for s in status_of(node))

        end = time.monotonic() + 60
        while time.monotonic() < end and not told():  # again and again: each time the daemon waits a little longer
            node.signal(signal.SIGKILL, ("etcd",))
            time.sleep(0.2)
        check(told(), f"status said only: {status_of(node)}")
        wait_until("healthy", lambda: node.json("status")["health"] == "healthy", 60)
        check(set(node.members()) == members and removals(node) == [], "a member was removed")


SCENARIOS = [the_leader_and_the_remover_leave_and_one_comes_back, a_leave_waits_for_the_dead_and_is_refused_to_the_last_two,
             the_daemon_may_be_killed_and_etcd_comes_back_by_itself]

if __name__ == "__main__":
    main(SCENARIOS)
