# SPDX-License-Identifier: Apache-2.0
"""Real servers as child processes: started and waited for by a condition, stopped by pid, on 127.0.0.1, data in a
scratch folder. They come from Maven packages (tools/services) and need Java.

A server dies with the thread that started it, so that none is left behind: start servers from the main thread only.
"""

import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from logs import ROOT

PACKAGES = ROOT / ".deps/services"
START_SECONDS = 90
STOP_SECONDS = 20
USER, PASSWORD = "bassline", "not-a-secret"  # of the listener with TLS and SASL

LOG4J = """status = error
rootLogger.level = {level}
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def die_with_parent() -> None:
    """For a child's start: whatever ends the tests, even kill -9, ends it too."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Server:
    """One process. `ready` is asked until it says True; a process that ends before that fails with its log's end."""

    def __init__(self, folder: Path, name: str):
        self.folder, self.name = folder, name
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def start(self):
        assert self.process is None, f"{self.name} runs already"
        with self.log.open("wb") as log:  # descriptors of this process are closed in the child: no lock is passed on
            self.process = subprocess.Popen(
                [str(part) for part in self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Asks it to end, and ends it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, kill: bool = False) -> None:
        self.kill() if kill else self.stop()
        self.start()

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.kill()  # what it would write at a clean end goes away with the scratch folder


def make_certificates(folder: Path) -> None:
    """An authority, a certificate for 127.0.0.1 by it, and another authority that signed nothing; two days valid."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    for authority in ("ca", "other-ca"):
        openssl("req", "-x509", *key, "-subj", f"/CN=bassline test {authority}", "-keyout", f"{authority}.key",
                "-out", f"{authority}.pem")
    openssl("req", "-x509", *key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.crt",
            "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
    (folder / "server.pem").write_text((folder / "server.key").read_text() + (folder / "server.crt").read_text())


def secure_settings(folder, certificate, mechanism="SCRAM-SHA-512", password=PASSWORD):
    """A file that only we may read: where secrets belong."""
    path = folder / "client.properties"
    path.write_text(
        f"security.protocol=SASL_SSL\nssl.ca.location={certificate}\nsasl.mechanism={mechanism}\n"
        f"sasl.username={USER}\nsasl.password={password}\n")
    path.chmod(0o600)
    return path


class Broker(Server):
    """Kafka, one node that is broker and controller. `bootstrap` is plain, `secure` has TLS and SASL (SCRAM, PLAIN)."""

    def __init__(self, folder: Path):
        super().__init__(folder, "kafka")
        plain, secure, controller = free_ports(3)
        self.bootstrap, self.secure = f"127.0.0.1:{plain}", f"127.0.0.1:{secure}"
        make_certificates(folder)
        (folder / "log4j2.properties").write_text(LOG4J.format(level="info"))
        (folder / "server.properties").write_text(self._properties(plain, secure, controller))
        self._format()

    def _properties(self, plain: int, secure: int, controller: int) -> str:
        listeners = f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}"
        login = "org.apache.kafka.common.security"
        return f"""process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners={listeners}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=PLAINTEXT
log.dirs={self.folder}/data
auto.create.topics.enable=false
log.retention.ms=-1
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
message.max.bytes=16777216
num.network.threads=2
num.io.threads=4
ssl.keystore.type=PEM
ssl.keystore.location={self.folder}/server.pem
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config={login}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
"""

    def _java(self, *options) -> list:
        return ["java", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties", *options,
                "-cp", f"{PACKAGES}/kafka/*"]

    def _format(self) -> None:
        tool = [*self._java("-Xmx128m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool"]
        cluster = subprocess.run([*tool, "random-uuid"], check=True, capture_output=True, text=True).stdout.split()[-1]
        done = subprocess.run(
            [*tool, "format", "--standalone", "-t", cluster, "-c", str(self.folder / "server.properties"),
             "--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"],
            capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self) -> list:
        return [*self._java("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"), "kafka.Kafka", self.folder / "server.properties"]

    def ready(self) -> bool:
        return "Kafka Server started" in self.log.read_text(errors="replace")


class Registry(Server):
    """A Schema Registry with Confluent's REST; schemas in memory, so a restart forgets them. Clients take `url`."""

    def __init__(self, folder: Path):
        super().__init__(folder, "registry")
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def command(self) -> list:
        (jar,) = (PACKAGES / "registry").glob("*-runner.jar")
        return ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
                f"-Dquarkus.http.port={self.port}", "-jar", jar]

    def ready(self) -> bool:
        with suppress(urllib.error.URLError, OSError):
            return urllib.request.urlopen(f"{self.url}/subjects", timeout=5).status == 200
        return False
