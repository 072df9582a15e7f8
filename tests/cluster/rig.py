"""A client and three hosts on one machine, for tests of clusters.

Each is a set of Linux namespaces (network, processes, mounts, name, shared memory) with a home and a /tmp of its own.
They meet at a bridge inside the client's network namespace: no traffic leaves it, and whatever addresses the machine
itself has do not matter. Nothing has a name outside; all of it ends with the process that made it, even where that one
is killed. What is left then is a folder of files.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from commands import ROOT, wait_until

SCRIPT = Path(__file__).with_name("host.sh")
PROGRAMS = ("unshare", "nsenter", "setpriv", "ip", "ssh-keygen", "rsync", "/usr/sbin/sshd")
NETWORK = "10.77.0"
ENVIRONMENT = {"HOME": "/root", "TERM": "dumb", "PATH": f"{sys.prefix}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

# What a machine's commands enter, and where its first process has it, which is not in the last one itself.
NAMESPACES = {"net": "net", "mount": "mnt", "uts": "uts", "ipc": "ipc", "pid": "pid_for_children"}


def missing():
    """Return why the rig cannot be here, or None where it can."""
    if os.geteuid() != 0:
        return "the rig of hosts needs root"
    absent = [program for program in (*PROGRAMS, f"{sys.prefix}/.installed") if not shutil.which(program, os.F_OK)]
    return f"the rig of hosts needs {', '.join(absent)}" if absent else None


def make_key(file):
    """Make a key for ssh without a passphrase, and its public half beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)


class Command:
    """A command that runs on a machine of the rig; what it says goes into a file, which outlives it."""

    def __init__(self, command, output):
        self._output, self._command = output, command
        with output.open("wb") as stream:
            self.process = subprocess.Popen(
                command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
            )

    @property
    def output(self):
        """What it has said."""
        return self._output.read_text(errors="replace")

    def wait(self, timeout):
        """Return its exit status; fail with what it said where it does not end."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not over within {timeout} s: {self._command[-1]}\n{self.output}") from None


class Machine:
    """The client or a host; `folder` holds its `root`, which is its home, and its `tmp`, as the test sees them."""

    def __init__(self, folder, name, address):
        self.folder, self.name, self.address = folder, name, address
        self.process = None
        for own in ("root/.ssh", "etc", "outputs"):
            (folder / own).mkdir(parents=True)
        (folder / "root/.ssh").chmod(0o700)
        for file in ("resolv.conf", "installed"):
            (folder / "etc" / file).touch()
        self._install()

    def _install(self):
        """Give it what any Debian or Ubuntu has, and the places where its first process mounts what it is shown."""
        for own in ("root/mnist-search", "tmp"):
            (self.folder / own).mkdir()
        (self.folder / "tmp").chmod(0o1777)
        for file in (".bashrc", ".profile"):
            shutil.copy(f"/etc/skel/{file}", self.home)

    @property
    def home(self):
        """Its home, as the test sees it."""
        return self.folder / "root"

    @property
    def is_on(self):
        """Whether it has power."""
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Power on."""
        own = [*(f"--{kind}" for kind in NAMESPACES), "--fork", "--kill-child", "--mount-proc"]
        arguments = [self.folder, self.name, f"{self.address}/24", ROOT, sys.prefix, sys.base_prefix]
        with (self.folder / "outputs/machine.txt").open("ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", *own, "bash", SCRIPT, *arguments],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_apart, 10, f"{self.name} has namespaces of its own")

    def kill(self):
        """Power off: every process of it ends at once."""
        self.process.kill()
        self.process.wait()

    def renew(self):
        """Lose every file but the keys of ssh, as a host that takes another one's place; only while it is off."""
        for file in (self.folder / "tmp", *self.home.iterdir()):
            if file.name != ".ssh":
                shutil.rmtree(file) if file.is_dir() else file.unlink()
        self._install()

    def begin(self, text):
        """Run a shell's command in its home as root; do not wait for it."""
        namespaces = f"/proc/{self.process.pid}/ns"
        enter = [f"--{kind}={namespaces}/{file}" for kind, file in NAMESPACES.items()]
        number = len(list((self.folder / "outputs").iterdir()))
        return Command(["nsenter", *enter, "bash", "-c", f"cd; {text}"], self.folder / f"outputs/{number:03d}.txt")

    def run(self, text, *, timeout=60, status=0):
        """Run a shell's command; return what it said, or fail with that where it ends otherwise than expected."""
        command = self.begin(text)
        found = command.wait(timeout)
        assert (found, command.output)[0] == status, f"status {found} of {text}\n{command.output}"
        return command.output

    def _is_apart(self):
        with contextlib.suppress(FileNotFoundError):  # the last one to be made, with its first process
            mine = Path("/proc/self/ns/pid").readlink()
            return Path(f"/proc/{self.process.pid}/ns/pid_for_children").readlink() != mine
        return False


class Rig(contextlib.AbstractContextManager):
    """The machines, all on, for the length of a block; `hosts[0]` is to be the head."""

    def __init__(self, folder, hosts=3):
        self.client = Machine(folder / "client", "client", f"{NETWORK}.1")
        self.hosts = [Machine(folder / f"host{n}", f"host{n}", f"{NETWORK}.1{n}") for n in range(1, hosts + 1)]

    def __enter__(self):
        try:
            self._prepare()
            self.client.start()
            wait_until((self.client.folder / "tmp/ready").exists, 10, "the client is on")
            for host in self.hosts:
                self.start(host)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for machine in (*self.hosts, self.client):
            if machine.is_on:
                machine.kill()

    def start(self, host):
        """Power a host on and plug it in; it has the files it had."""
        host.start()
        # With the network card that it had, too: the others take a minute to find out about a new one.
        card = ":".join(["02", "00", *(f"{int(part):02x}" for part in host.address.split("."))])
        self._ip(f"link add {host.name} type veth peer name eth0 address {card} netns {host.process.pid}")
        self.join(host)

    def kill(self, host):
        """Power a host off; nobody is told."""
        self._ip(f"link delete {host.name}")
        host.kill()

    def cut(self, host):
        """Unplug a host; it goes on alone."""
        self._ip(f"link set {host.name} down")

    def join(self, host):
        """Plug a host in again."""
        self._ip(f"link set {host.name} master bridge0 up")

    def _prepare(self):
        """Give every machine the names of all, each host a key of its own, and the client one that opens them."""
        names = "".join(f"{machine.address} {machine.name}\n" for machine in (*self.hosts, self.client))
        key = self.client.home / ".ssh/mnist-search"
        make_key(key)
        for machine in (*self.hosts, self.client):
            (machine.folder / "etc/hosts").write_text(f"127.0.0.1 localhost\n{names}")
        for host in self.hosts:
            make_key(host.home / ".ssh/host_key")
            shutil.copy(f"{key}.pub", host.home / ".ssh/authorized_keys")

    def _ip(self, arguments):
        network = f"--net=/proc/{self.client.process.pid}/ns/net"
        subprocess.run(["nsenter", network, "ip", *arguments.split()], env=ENVIRONMENT, check=True)
