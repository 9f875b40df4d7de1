"""Going on purpose, in real containers: `docker stop` of every node in turn and of all at once, killed processes, a primary that leaves.

Scenarios of main_job.py, on its cluster. The oracles are etcdctl's member list and PostgreSQL's own rows.
"""
import contextlib
import subprocess
import time

import main_job as job


def pid(node, program):
    return job.inside(node, "supervisorctl", "pid", program, check=False).stdout.strip()  # "0", and an exit code, if it does not run


def container(node):
    return job.compose("ps", "-a", "-q", node).stdout.strip()


def writable(nodes):
    """The node whose PostgreSQL takes a write just now, or None. In a table of its own: other scenarios count their rows."""
    node = job.primary(nodes)
    with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
        if node and job.sql(job.PORT[node], "CREATE TABLE IF NOT EXISTS going (at float); INSERT INTO going VALUES (1)", timeout=5) == "":
            return node
    return None


def rows(node):
    return int(job.sql(job.PORT[node], "SELECT count(*) FROM going"))


def healthy(node, timeout=90):
    job.wait_until(f"healthy as {node} says", lambda: job.ctl(node, "status").returncode == 0, timeout)


def each_node_may_be_stopped_in_turn():
    before = job.members(job.NODES[0])
    decided = len(job.removals(job.NODES[0]))
    for node in job.NODES:
        others = [n for n in job.NODES if n != node]
        primary = writable(job.NODES)
        start = time.monotonic()
        stop = subprocess.Popen(["docker", "stop", "-t", "90", container(node)], stdout=subprocess.DEVNULL)
        if node == primary:
            while not writable(others) and time.monotonic() - start < 60:
                pass
            took = time.monotonic() - start
            print(f"  the primary {node} is stopped: another one takes writes after {took:.1f} s")
            job.check(took <= 15, f"no write for {took:.1f} s")
        stop.wait(timeout=120)
        print(f"  docker stop took {time.monotonic() - start:.1f} s")
        job.run("docker", "start", container(node))
        healthy(others[0])
    job.check(job.members(job.NODES[0]) == before, "other members than before")
    job.check(len(job.removals(job.NODES[0])) == decided, "a member was removed")


def all_may_be_stopped_at_once():
    before = job.members(job.NODES[0])
    primary, _ = job.wait_until("there is a primary", lambda: writable(job.NODES), 30)
    counted = rows(primary)
    job.run("docker", "stop", "-t", "90", *[container(n) for n in job.NODES])
    job.run("docker", "start", *[container(n) for n in job.NODES])
    primary, _ = job.wait_until("somebody takes a write", lambda: writable(job.NODES), 60)
    job.check(rows(primary) > counted, "rows are missing")
    healthy(job.NODES[0])
    job.check(job.members(job.NODES[0]) == before, "other members than before")


def the_daemon_touches_neither_etcd_nor_patroni():
    node = job.NODES[0]
    before = [pid(node, p) for p in ("etcd", "patroni")]
    job.inside(node, "supervisorctl", "restart", "updater")
    job.wait_until("the daemon is back", lambda: job.ctl(node, "status").returncode == 0, 40)
    job.inside(node, "sh", "-c", f"kill -9 {pid(node, 'updater')}")
    job.wait_until("the daemon is back", lambda: job.ctl(node, "status").returncode == 0, 40)
    job.check([pid(node, p) for p in ("etcd", "patroni")] == before, "etcd or Patroni were touched")
    for program in ("patroni", "etcd"):
        old = pid(node, program)
        job.inside(node, "sh", "-c", f"kill -9 {old}")
        job.wait_until(f"{program} comes back by itself", lambda p=program, o=old: pid(node, p) not in ("0", o), 40)
    healthy(node)


def the_primary_leaves_and_comes_back():
    nodes = [*job.NODES[:2], job.FOURTH]  # as the scenarios before have left them
    primary, _ = job.wait_until("there is a primary", lambda: writable(nodes), 30)
    others = [n for n in nodes if n != primary]
    name = "node-" + job.ADDRESS[primary].replace(".", "-")
    start = time.monotonic()
    left = job.inside(primary, "fluxpgctl", "leave", check=False, timeout=200)
    print(f"  exit {left.returncode} after {time.monotonic() - start:.1f} s:\n{left.stdout}{left.stderr}")
    job.check(left.returncode == 0, "leave does not exit 0")
    job.check(name not in job.members(others[0]).values(), "etcd still lists it")
    now, _ = job.wait_until("another node takes writes", lambda: writable(others), 20)
    job.wait_until("its Patroni is stopped", lambda: pid(primary, "patroni") == "0" and pid(primary, "etcd") == "0", 60)
    job.run("docker", "restart", "-t", "90", container(primary))
    job.wait_until("it has left, also after a restart", lambda: job.ctl_json(primary, "status")["leave"]["state"] == "left", 40)
    job.check(pid(primary, "patroni") == "0" and pid(primary, "etcd") == "0", "it runs what it gave up")
    job.inside(primary, "fluxpgctl", "leave", "--cancel")
    job.wait_until("a voter again", lambda: name in job.members(others[0]).values(), 90)
    healthy(others[0], 120)
    job.wait_until("its PostgreSQL has all rows", lambda: rows(primary) == rows(now), 60)


WITH_THREE = [each_node_may_be_stopped_in_turn, all_may_be_stopped_at_once, the_daemon_touches_neither_etcd_nor_patroni]
