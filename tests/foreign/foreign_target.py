#!/usr/bin/python3
"""Does the simulator tell the truth about a service that is not ours?

  ./tools/bazel run //tests/foreign:foreign_target -- [--out FOLDER] [--seconds N] [--repeats N]

Starts a small shop (Flask and psycopg2 under gunicorn, a private PostgreSQL, nginx before it) and a real
Prometheus that watches it; calibrates it at low loads and at saturation with `simulator calibrate`; seals
predictions of 30, 50 and 70 % of saturation with `simulator seal`; only then measures, after a restart of database,
shop and nginx for each repeat, with the load generator and once with wrk; scores with `simulator backtest`. Needs
the Debian packages that it names when they are missing (then it is skipped, exit code 0), two cores and nothing else
running. Everything is loopback and ends with the program.
"""
import argparse
import contextlib
import http.server
import importlib.util
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
THINK_SECONDS = 0.5
LEVELS = ((0.10, {}), (0.20, {"buy": 40}), (0.30, {"browse": 120}))  # calibrated at, of saturation
POINTS = (0.3, 0.5, 0.7)  # predicted


def skip_unless_installed():
    programs = {"gunicorn": "gunicorn", "nginx": "nginx-light", "prometheus": "prometheus", "wrk": "wrk"}
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    modules = {"flask": "python3-flask", "psycopg2": "python3-psycopg2"}
    missing += [package for module, package in modules.items() if importlib.util.find_spec(module) is None]
    if not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        missing.append("postgresql")
    if missing:
        print("SKIPPED: the foreign target needs the Debian packages " + " ".join(sorted(missing)))
        sys.exit(0)


def runfile(path):
    for root in (HERE.parents[1], pathlib.Path(os.environ.get("RUNFILES_DIR", "/nonexistent")) / "praxis",
                 HERE.parents[1] / "bazel-bin", pathlib.Path.cwd()):
        if (root / path).exists():
            return str(root / path)
    sys.exit(f"{path}: not built; use ./tools/bazel run //tests/foreign:foreign_target")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(root):
    """A process and everything below it."""
    pids, parents = [root], {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(entry.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(entry.parent.name))
    for pid in pids:
        pids += parents.get(pid, [])
    return pids


def cpu_seconds(roots):
    """CPU time of living threads, from the scheduler's own clock."""
    nanoseconds = 0
    for root in roots:
        for pid in tree(root):
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    nanoseconds += int(task.read_text().split()[0])
    return nanoseconds / 1e9


class Host:
    """The shop, its database, nginx, Prometheus, and an exporter in this process."""

    def __init__(self, folder):
        self.folder, self.children = folder, []
        self.ports = {name: free_port() for name in ("postgres", "shop", "nginx", "prometheus", "exporter")}
        self.url = f"http://127.0.0.1:{self.ports['nginx']}"
        self.prometheus = f"http://127.0.0.1:{self.ports['prometheus']}"

    def start(self, name, command, user=None, **kwargs):
        log = open(f"{self.folder}/{name}.log", "ab")
        options = {"user": user, "group": user, "extra_groups": []} if user and os.getuid() == 0 else {}
        child = subprocess.Popen(command, stdout=log, stderr=log, **options, **kwargs)
        self.children.append((name, child))
        return child

    def wait(self, name, ready):
        until = time.time() + 30
        while not ready():
            if time.time() > until or dict(self.children)[name].poll() is not None:
                sys.exit(f"{name} did not start; see {self.folder}/{name}.log")
            time.sleep(0.05)

    def connect(self):
        import psycopg2
        connection = psycopg2.connect(f"host=127.0.0.1 port={self.ports['postgres']} user=shop dbname=postgres")
        connection.autocommit = True
        return connection

    def answers(self, port, path, with_text=""):
        import urllib.request
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1) as answer:
                return answer.status == 200 and with_text in answer.read().decode()
        except OSError:
            return False

    def make_database(self):
        bin_folder = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        data = f"{self.folder}/postgres"
        os.mkdir(data, 0o700)
        user = "postgres" if os.getuid() == 0 else None
        if user:
            os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        self.start("initdb", [str(bin_folder / "initdb"), "-D", data, "-U", "shop", "-A", "trust"], user).wait()
        self.start_postgres()
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pg_stat_statements")
            cursor.execute("CREATE TABLE items (id int PRIMARY KEY, name text, price int, tag int)")
            cursor.execute("INSERT INTO items SELECT i, 'item ' || i, i % 97, i % 500 FROM generate_series(1, 10000) i")
            cursor.execute("CREATE INDEX ON items (tag)")
            cursor.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, item int, quantity int)")
            cursor.execute("ANALYZE")

    def start_postgres(self):
        bin_folder = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        data, user = f"{self.folder}/postgres", "postgres" if os.getuid() == 0 else None
        settings = {"port": self.ports["postgres"], "listen_addresses": "127.0.0.1",
                    "unix_socket_directories": data, "shared_preload_libraries": "pg_stat_statements"}
        self.start("postgres", [str(bin_folder / "postgres"), "-D", data,
                                *(f"--{name}={value}" for name, value in settings.items())], user)

        def up():
            import psycopg2
            with contextlib.suppress(psycopg2.OperationalError):
                self.connect().close()
                return True
        self.wait("postgres", up)

    def start_shop(self):
        environment = {**os.environ, "SHOP_DATABASE": f"host=127.0.0.1 port={self.ports['postgres']} user=shop "
                                                      "dbname=postgres"}
        self.start("shop", ["/usr/bin/python3", shutil.which("gunicorn"), "--chdir", str(HERE), "--workers", "1",
                            "--threads", "8", "--worker-class", "gthread", "--keep-alive", "75", "--log-level",
                            "warning", "--bind", f"127.0.0.1:{self.ports['shop']}", "shop:app"], env=environment)
        self.wait("shop", lambda: self.answers(self.ports["shop"], "/items/1"))
        configuration = f"{self.folder}/nginx.conf"
        pathlib.Path(configuration).write_text(f"""
            worker_processes 1; daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx-error.log;
            events {{ worker_connections 8192; }}
            http {{ access_log off; client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
              fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
              keepalive_requests 1000000;
              upstream shop {{ server 127.0.0.1:{self.ports['shop']}; keepalive 64; keepalive_requests 1000000; }}
              server {{ listen 127.0.0.1:{self.ports['nginx']} backlog=4096;
                location / {{ proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}
            """)
        self.start("nginx", ["nginx", "-c", configuration])
        self.wait("nginx", lambda: self.answers(self.ports["nginx"], "/items/1"))

    def start_prometheus(self):
        children, connection = dict(self.children), self.connect()
        roots = {"shop": [children["shop"].pid, children["nginx"].pid], "postgres": [children["postgres"].pid]}

        class Exporter(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                lines = [f'container_cpu_usage_seconds_total{{pod="{pod}",container="main"}} {cpu_seconds(pids):.9f}'
                         for pod, pids in roots.items()]
                with connection.cursor() as cursor:
                    cursor.execute("SELECT queryid, calls FROM pg_stat_statements WHERE query ~ 'FROM items|INTO orders'")
                    lines += [f'pg_stat_statements_calls_total{{queryid="{row[0]}"}} {row[1]}' for row in cursor]
                body = ("\n".join(lines) + "\n").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass
        server = http.server.HTTPServer(("127.0.0.1", self.ports["exporter"]), Exporter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pathlib.Path(f"{self.folder}/prometheus.yml").write_text(f"""
global: {{scrape_interval: 500ms, scrape_timeout: 400ms}}
scrape_configs:
  - {{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{self.ports['shop']}"]}}]}}
  - {{job_name: host, static_configs: [{{targets: ["127.0.0.1:{self.ports['exporter']}"]}}]}}
""")
        self.start("prometheus", ["prometheus", f"--config.file={self.folder}/prometheus.yml",
                                  f"--storage.tsdb.path={self.folder}/tsdb",
                                  f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}"])
        # It is ready some seconds before it scrapes.
        self.wait("prometheus", lambda: self.answers(self.ports["prometheus"], "/api/v1/query?query=up", '"1"]'))

    def flush_seconds(self):
        """What an insert that waits for its flush takes longer than one that does not: medians, on a quiet
        database, in turns, so that a slower moment of the disk meets both."""
        times = {"on": [], "off": []}
        # `with connection` would make one transaction of it all, although autocommit is on.
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for _ in range(100):
                for wait, seen in times.items():
                    cursor.execute(f"SET synchronous_commit = {wait}")
                    begin = time.perf_counter()
                    cursor.execute("INSERT INTO orders (item, quantity) VALUES (1, 1)")
                    seen.append(time.perf_counter() - begin)
        return max(0.0, statistics.median(times["on"]) - statistics.median(times["off"]))

    def restart(self):
        """Database, shop and nginx afresh; Prometheus, which calibration alone needs, ends."""
        self.stop()
        self.start_postgres()
        self.start_shop()

    def stop(self):
        children, self.children = self.children, []
        for _, child in reversed(children):
            if child.poll() is None:
                child.send_signal(signal.SIGINT if child.args[0].endswith("postgres") else signal.SIGTERM)
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


class Judge:
    def __init__(self, host, out, seconds):
        self.host, self.out, self.seconds = host, out, seconds
        self.simulator, self.loadgen = runfile("simulator/simulator"), runfile("loadgen/loadgen")
        self.tokens = f"{out}/tokens.txt"
        key = f"{host.folder}/key.json"
        pathlib.Path(key).write_text(json.dumps({"kid": "shop", "key_hex": "5a" * 32}))
        os.chmod(key, 0o600)
        with open(self.tokens, "w") as tokens:
            subprocess.run([runfile("tools/mint/mint"), f"--signing_key_file={key}", "--patients=5000", "--doctors=0",
                            "--receptionists=0"], stdout=tokens, check=True)

    def tool(self, *arguments):
        print("$ simulator " + " ".join(arguments), flush=True)
        subprocess.run([self.simulator, *arguments], check=True)

    def load(self, name, users, seconds, think=THINK_SECONDS, weights=None):
        """A run of the load generator; its Result."""
        text = (HERE / "shop.yaml").read_text()
        for journey, weight in (weights or {}).items():
            text = re.sub(rf"(name: {journey},? *\n? *weight: )\d+", rf"\g<1>{weight}", text)
        scenario, out = f"{self.out}/scenario-{name}.yaml", f"{self.out}/{name}.json"
        pathlib.Path(scenario).write_text(text)
        run = subprocess.run([self.loadgen, "run", scenario, f"--target={self.host.url}", f"--vus={users}", "--ramp=2s",
                              f"--duration={seconds}s", f"--think_time_scale={think / 0.5}", f"--tokens={self.tokens}",
                              f"--seed={zlib.crc32(name.encode()) % 1000 + 1}", f"--out={out}", "--noprogress"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        pathlib.Path(f"{self.out}/{name}.log").write_text(run.stdout)
        if not os.path.exists(out):
            sys.exit(f"the load generator failed:\n{run.stdout}")
        result = json.loads(pathlib.Path(out).read_text())
        rate = int(result["total"]["requests"]) / float(result["measured_seconds"])
        outcomes = result["total"]["outcomes"]
        print(f"{name}: {users} users, {rate:.0f} requests/s, {outcomes}", flush=True)
        return rate

    def wrk(self, name, users, seconds):
        environment = {**os.environ, "SHOP_THINK_MS": str(1000 * THINK_SECONDS), "SHOP_SEED": "7",
                       "SHOP_OUT": f"{self.out}/{name}.json", "SHOP_USERS": str(users)}
        run = subprocess.run(["wrk", "-t1", f"-c{users}", f"-d{seconds}s", "--timeout", "10s", "-s",
                              str(HERE / "wrk.lua"), self.host.url], env=environment, capture_output=True, text=True)
        pathlib.Path(f"{self.out}/{name}.log").write_text(run.stdout + run.stderr)
        if run.returncode != 0 or not os.path.exists(f"{self.out}/{name}.json"):
            sys.exit(f"wrk failed:\n{run.stdout}{run.stderr}")

    def run(self, repeats):
        flush = self.host.flush_seconds()
        queries = f"{self.out}/queries.yaml"
        pathlib.Path(queries).write_text((HERE / "queries.yaml").read_text().replace("FLUSH", f"{flush:.6f}"))
        self.load("warm-up", 16, 2, think=0)
        saturation = self.load("saturation", 16, 5, think=0)
        print(f"saturation {saturation:.0f} requests/s, flush {1000 * flush:.2f} ms", flush=True)
        time.sleep(1)
        begin = time.time()
        for share, weights in LEVELS:
            self.load(f"calibration-{share:.2f}", max(1, round(share * saturation * THINK_SECONDS)), 14, weights=weights)
        # A service that is never idle needs less CPU a request: without this, saturation comes out too low.
        self.load("calibration-full", 16, 12, think=0)
        end = time.time()
        time.sleep(1.5)  # the last scrape
        profile = f"{self.out}/profile.json"
        self.tool("calibrate", f"--prometheus={self.host.prometheus}", f"--from={begin:.3f}", f"--to={end:.3f}",
                  f"--result={self.out}/calibration-0.10.json", f"--queries={queries}", "--window=2s", "--name=shop",
                  f"--out={profile}")
        log, users = f"{self.out}/predictions.jsonl", {}
        with contextlib.suppress(FileNotFoundError):
            os.unlink(log)
        for share in POINTS:
            users[share] = round(share * saturation * THINK_SECONDS)
            self.tool("seal", f"--scenario={HERE}/shop.yaml", f"--deployment={HERE}/deployment.yaml",
                      f"--profile={profile}", f"--users={users[share]}", "--ramp=2s", "--duration=90s", "--settle=10s",
                      f"--log={log}", f"--label={share:.0%} of saturation", f"--out={self.out}/predicted-{share}.json")
        for repeat in range(repeats):
            self.host.restart()
            self.load(f"warm-up-{repeat}", 16, 2, think=0)
            for share in POINTS:
                self.load(f"measured-{share}-{repeat}", users[share], self.seconds)
        self.wrk("wrk-0.5", users[0.5], self.seconds + 5)
        for index, share in enumerate(POINTS):
            self.tool("backtest", f"--log={log}", f"--id=p{index + 1}",
                      *(f"--measured={self.out}/measured-{share}-{repeat}.json" for repeat in range(repeats)))
        self.tool("backtest", f"--log={log}", "--id=p2", f"--k6={self.out}/wrk-0.5.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="out/foreign", help="folder for everything that it writes")
    parser.add_argument("--seconds", type=int, default=10, help="length of a measured run")
    parser.add_argument("--repeats", type=int, default=5, help="restarts, with one run of each point after each")
    arguments = parser.parse_args()
    skip_unless_installed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    out = os.path.abspath(arguments.out)
    os.makedirs(out, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="praxis-foreign-")
    os.chmod(folder, 0o711)
    host = Host(folder)
    try:
        host.make_database()
        host.start_shop()
        host.start_prometheus()
        Judge(host, out, arguments.seconds).run(arguments.repeats)
    finally:
        host.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
