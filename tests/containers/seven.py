"""Seven nodes share five seats: all seven PostgreSQLs stream, and when a voter dies one of the two guests takes its seat. Part of main_job.py,
as its last scenario: nodes 1, 2 and 4 are voters; node 3 was evicted long ago, and was away while etcd was founded anew over the same database;
nodes 5 to 7 (seven.yml) are new.

The oracles are etcd's own member list and PostgreSQL's own views; fluxpgd is only asked what it says.
"""
import time

import etcd_lost


def name_of(job, node):
    return "node-" + job.ADDRESS[node].replace(".", "-")


def members(job, witness):
    """(names of the voters, names of the others) as etcdctl prints them; one that has not started has no name."""
    out = job.inside(witness, "etcdctl", "--endpoints=http://localhost:2379", "member", "list").stdout
    rows = [line.split(", ") for line in out.splitlines()]
    return {row[2] for row in rows if row[5] == "false"}, {row[2] for row in rows if row[5] == "true"}


def psql(job, node, statement):
    """Inside: nodes that are not there answer nobody."""
    return job.inside(node, "psql", "-U", "postgres", "-qAtc", statement, check=False).stdout.strip()


def all_stream(job, nodes):
    """The primary sends to every other node, each of which says that it receives."""
    primary = job.primary(nodes)
    if primary is None:
        return None
    sent = set(psql(job, primary, "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'").split())
    if sent != {name_of(job, n) for n in nodes if n != primary}:
        return None
    received = [n for n in nodes if n != primary and psql(job, n, "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == "1"]
    return primary if len(received) == len(nodes) - 1 else None


def read_everywhere(job, nodes, primary, word):
    psql(job, primary, f"CREATE TABLE IF NOT EXISTS seats (word text); INSERT INTO seats VALUES ('{word}')")
    for node in nodes:
        job.wait_until(f"'{word}' is read on {node}", lambda n=node: word in psql(job, n, "SELECT word FROM seats").split("\n"), 60)


def run(job):
    nodes, witness = [*job.NODES, job.FOURTH, *job.MORE], job.NODES[0]
    newcomers = [job.NODES[2], *job.MORE]
    # Its etcd data is of the cluster that was lost: it stays away until an operator takes that volume from it.
    job.compose("up", "-d", "--no-build", "--no-deps", job.NODES[2])
    job.wait_until("node 3 says that its etcd data is of another cluster", lambda: etcd_lost.says(job, job.NODES[2], "of another etcd cluster"), 60)
    etcd_lost.lose_etcd(job, job.NODES[2])
    start = time.monotonic()
    job.compose("up", "-d", "--no-build", "--no-deps", *newcomers)
    job.list_only(nodes, instances=len(nodes))
    job.wait_until("five voters, and nobody is under way", lambda: (m := members(job, witness)) and len(m[0]) == 5 and m[1] == set(), 150)
    voters = [n for n in nodes if name_of(job, n) in members(job, witness)[0]]
    guests = [n for n in nodes if n not in voters]
    job.check(len(voters) == 5 and len(guests) == 2, f"voters: {voters}")
    primary, _ = job.wait_until("the PostgreSQLs of all seven stream", lambda: all_stream(job, nodes), 150)
    print(f"  three nodes -> seven that stream: {time.monotonic() - start:.0f} s; guests: {guests}, primary: {primary}")
    read_everywhere(job, nodes, primary, "seven")
    for guest in guests:
        job.check(job.inside(guest, "supervisorctl", "pid", "etcd", check=False).stdout.strip() == "0", f"{guest} runs an etcd without a seat")
        job.wait_until(f"{guest} says what it waits for", lambda g=guest: "one of the 5 seats to become free" in job.ctl(g, "status").stdout, 30)
        job.wait_until(f"{guest} finds the cluster healthy", lambda g=guest: job.ctl(g, "status").returncode == 0, 60)
    print(job.ctl(guests[0], "status").stdout)

    # The primary, if it has a seat and is not the one that is asked: the hardest to lose.
    victim = primary if primary in voters and primary != witness else next(n for n in voters if n != witness)
    left = [n for n in nodes if n != victim]
    start = time.monotonic()
    job.run("docker", "kill", job.compose("ps", "-q", victim).stdout.strip())
    job.list_only(left, instances=len(nodes))
    job.wait_until(f"{victim} is gone, and one of the guests is a voter", lambda: (m := members(job, witness)) and len(m[0]) == 5 and
                   m[1] == set() and name_of(job, victim) not in m[0], job.WINDOW + 90)
    print(f"  killed and unlisted -> a guest is a voter: {time.monotonic() - start:.0f} s")
    moved_up = members(job, witness)[0] - {name_of(job, n) for n in voters}
    job.check(len(moved_up) == 1 and moved_up <= {name_of(job, g) for g in guests}, f"moved up: {moved_up}")
    primary, _ = job.wait_until("the PostgreSQLs of the six that are left stream", lambda: all_stream(job, left), 90)
    read_everywhere(job, left, primary, "six")
