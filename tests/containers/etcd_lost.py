"""etcd's volume is lost on every node, PostgreSQL's is not: the same database is kept, the latest writes lead. Part of main_job.py.

The nodes are killed one after the other with writes in between, so that their copies end at different places; then each container is made
anew with its PostgreSQL volume and an empty etcd volume. PostgreSQL's own rows, system identifier and timeline are the oracle.
"""
import time


def written(job, node):
    """The rows of `witness` that this node's PostgreSQL shows, asked inside."""
    return job.inside(node, "psql", "-U", "postgres", "-qAtc", "SELECT count(*) FROM witness").stdout.strip()


def system_id(job, node):
    return job.inside(node, "psql", "-U", "postgres", "-qAtc", "SELECT system_identifier FROM pg_control_system()").stdout.strip()


def says(job, node, text):
    status = job.ctl_json(node, "status")
    return any(text in sentence for sentence in status["problems"] + [f"{d['what']} {d['waits_for']}" for d in status["doing"]])


def lose_etcd(job, node):
    """The container is made anew: only PostgreSQL's volume is kept."""
    container = job.compose("ps", "-a", "-q", node).stdout.strip()
    mounts = job.run("docker", "inspect", "-f", '{{range .Mounts}}{{.Name}} {{.Destination}}{{"\\n"}}{{end}}', container).stdout
    volume = next(line.split()[0] for line in mounts.splitlines() if line.endswith("/var/lib/etcd"))
    job.run("docker", "rm", "-f", container)
    job.run("docker", "volume", "rm", volume)


def run(job, nodes):
    primary, _ = job.wait_until("there is a primary", lambda: job.primary(nodes), 30)
    replicas = [node for node in nodes if node != primary]
    before = system_id(job, primary)
    killed = lambda node: job.run("docker", "kill", job.compose("ps", "-q", node).stdout.strip())  # noqa: E731
    # Each later one has rows that the earlier ones lack. Commits are asynchronous, so the last ones are those of the primary alone.
    killed(replicas[0])
    job.sql(job.PORT[primary], "INSERT INTO witness VALUES ('after the first was killed')")
    job.wait_until("the other replica has it", lambda: written(job, replicas[1]) == written(job, primary), 30)
    killed(replicas[1])
    # etcd has lost its majority: Patroni makes the primary read-only within its time-out, and until then it takes a write.
    job.sql(job.PORT[primary], "INSERT INTO witness VALUES ('the primary alone has this')")
    rows = written(job, primary)
    killed(primary)
    for node in nodes:
        lose_etcd(job, node)

    job.compose("up", "-d", "--no-build", "--no-deps", *replicas)
    job.wait_until("the two wait for the silent listed one", lambda: says(job, replicas[0], "is listed and silent"), 60)
    time.sleep(20)
    for node in replicas:
        job.check(job.inside(node, "supervisorctl", "pid", "patroni", check=False).stdout.strip() == "0", f"PostgreSQL of {node} was started")
    begun = time.monotonic()
    job.compose("up", "-d", "--no-build", "--no-deps", primary)
    job.wait_until("the copy with the latest writes leads and takes a write",
                   lambda: job.sql(job.PORT[primary], "INSERT INTO witness VALUES ('written after etcd was lost')") == "", 90)
    print(f"  all back to the first write: {time.monotonic() - begun:.0f} s")
    for node in nodes:
        job.wait_until(f"all rows are on {node}", lambda n=node: written(job, n) == str(int(rows) + 1), 120)
        job.check(system_id(job, node) == before, f"{node} has another database")
    job.wait_until("healthy with three voters",
                   lambda: (s := job.ctl_json(primary, "status"))["voters"] == 3 and s["health"] == "healthy", 180)
    name = {node: "node-" + job.ADDRESS[node].replace(".", "-") for node in nodes}
    job.check(set(job.members(primary).values()) == set(name.values()), "other members than the three")
