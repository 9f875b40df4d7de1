"""The majority is lost and recovered from one container; the dead return at once, form no second cluster, and join. Part of main_job.py."""
import time


def writes(job, node):
    """Whether this node's PostgreSQL takes a committed write, asked inside: ports of killed containers answer nobody."""
    return job.inside(node, "psql", "-U", "postgres", "-qc", "BEGIN; CREATE TABLE probe (); DROP TABLE probe; COMMIT", check=False).returncode == 0


def says(job, node, text):
    return any(text in problem for problem in job.ctl_json(node, "status")["problems"])


def is_whole(job, node, cluster):
    """Three voters of that cluster; what is missing is said by the error."""
    status = job.ctl_json(node, "status")
    job.check(status["voters"] == 3 and status["cluster_id"] == cluster and status["health"] == "healthy",
              f"{status['voters']} voters of {status['cluster_id']}, {status['health']}, doing {status['doing']}, problems {status['problems']}")
    return True


def container(job, node):
    return job.compose("ps", "-q", node).stdout.strip()


def run(job):
    survivor, *others = job.NODES[0], job.NODES[1], job.FOURTH
    flags = [word for node in others for word in ("--although-they-may-live", job.ADDRESS[node])]
    primary = next(n for n in (survivor, *others) if writes(job, n))
    rows = lambda node: int(job.sql(job.PORT[node], "SELECT count(*) FROM witness"))  # noqa: E731
    before = rows(primary) + 1
    job.sql(job.PORT[primary], "INSERT INTO witness VALUES ('before the loss')")
    job.wait_until("the row is on the survivor", lambda: rows(survivor) == before, 30)
    old = job.ctl_json(survivor, "status")["cluster_id"]
    for node in others:
        job.run("docker", "kill", container(job, node))
    _, took = job.wait_until("status names the lost majority", lambda: job.ctl(survivor, "status").returncode == 2, 20, step=0.5)
    job.check(took <= 15, f"the lost majority was named after {took:.0f} s")
    loss = job.ctl_json(survivor, "status")["majority_loss"]
    job.check({v["address"] for v in loss["lost"]} == {job.ADDRESS[n] for n in others} and "coming back" in loss["cure"], f"{loss}")
    job.wait_until("the evidence names PostgreSQL's place",
                   lambda: job.ctl_json(survivor, "recover")["majority_loss"]["survivors"][0]["postgres"]["timeline"] >= 1, 15)
    print(job.ctl(survivor, "recover").stdout)
    for refused in (["--app", job.app()], ["--app", "another", *flags]):
        job.check(job.ctl(survivor, "recover", *refused).returncode == 1, f"recover {refused} was not refused")
    begun = time.monotonic()
    done = job.ctl(survivor, "recover", "--app", job.app(), *flags)
    job.check(done.returncode == 0, f"recover: {done.stdout}{done.stderr}")
    job.wait_until("PostgreSQL takes writes again", lambda: writes(job, survivor), 60)
    print(f"  recover to the first write: {time.monotonic() - begun:.0f} s")
    job.check(rows(survivor) == before, "rows are missing")
    job.sql(job.PORT[survivor], "INSERT INTO witness VALUES ('after the recovery')")
    new = job.ctl_json(survivor, "status")["cluster_id"]
    job.check(new != old and len(job.members(survivor)) == 1, "it is not a cluster of its own")
    for node in others:
        job.run("docker", "start", container(job, node))
    # Together they would be the old majority, and wait for the operator's word; one that comes ten seconds before the other joins at once.
    joined = lambda n: any(name == "node-" + job.ADDRESS[n].replace(".", "-") for name in job.members(survivor).values())  # noqa: E731
    for node in others:
        job.wait_until(f"{node} waits for an operator, or joins", lambda n=node: says(job, n, "recover --rejoin") or joined(n), 60)
    for node in others:
        if not joined(node):
            job.check(job.ctl(node, "recover", "--rejoin").returncode == 0, "recover --rejoin")
    job.wait_until("three voters of the recovered cluster", lambda: is_whole(job, survivor, new), 120)
    for node in others:
        aside = job.inside(node, "sh", "-c", "ls -d /var/lib/etcd/data.set-aside-*", check=False).stdout
        job.check("cluster-given-up" in aside, f"the old data of {node} was not set aside: {aside}")
        job.wait_until(f"the rows are on {node}", lambda n=node: rows(n) == before + 1, 90)
