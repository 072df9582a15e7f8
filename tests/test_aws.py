"""What `ray up cluster.yaml` asks of AWS, read back from moto's EC2 and IAM; nothing leaves this machine."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import yaml
from commands import ROOT
from moto.instance_metadata.responses import INSTANCE_METADATA
from moto.server import ThreadedMotoServer
from ray.autoscaler._private.providers import _get_node_provider
from ray.autoscaler.v2.instance_manager.config import FileConfigReader
from ray.autoscaler.v2.instance_manager.node_provider import NodeProviderAdapter

CONFIG = yaml.safe_load((ROOT / "cluster.yaml").read_text())
# Ray makes these where they are not there, and then waits half a minute for AWS to know them.
ROLE = "ray-autoscaler-v1"
# The instances' addresses are nobody's: instead of a connection, what is to run there and what is copied is kept.
SSH = '#!/bin/sh\necho "$*" >>"$HOST/commands"\n'
RSYNC = """#!/bin/sh
while [ $# -gt 2 ]; do shift; done
target=$HOST/${2#*:\\~/}
mkdir -p "$(dirname "$target")"
cp -RT "$1" "$target"
"""


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """An AWS account of moto's, and an environment that leads every call there."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    folder = tmp_path_factory.mktemp("aws")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.get_host_and_port()))
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("no_proxy", "127.0.0.1")
        make_role()
        yield SimpleNamespace(folder=folder, ec2=boto3.client("ec2", CONFIG["provider"]["region"]))
    server.stop()


def make_role():
    iam = boto3.client("iam", CONFIG["provider"]["region"])
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)


@pytest.fixture(scope="module")
def head(account):
    """The head that `ray up` asks for, with the folders of the user and of the host."""
    home, host, project, programs = (account.folder / name for name in ("home", "host", "project", "programs"))
    host.mkdir()
    project.mkdir()
    write(home / ".ray/auth_token", "token", 0o600)
    write(programs / "ssh", SSH, 0o755)
    write(programs / "rsync", RSYNC, 0o755)
    copy(project)
    ray_up(project, HOST=host, TMPDIR=account.folder, PATH=f"{programs}:{os.environ['PATH']}")
    [instance] = instances(account, "head")
    return SimpleNamespace(instance=instance, home=home, host=host)


def copy(project):
    """What the launcher copies to the hosts; others may be at work in the checkout itself."""
    for name in ["cluster.yaml", *CONFIG["file_mounts"].values()]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif not name.startswith("~"):
            shutil.copy(ROOT / name, project / name)


def write(path, text, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def ray_up(project, **environment):
    """Run the launcher to its end."""
    variables = os.environ | {name: str(value) for name, value in environment.items()}
    command = [Path(sys.executable).parent / "ray", "up", "--yes", "--no-config-cache", "cluster.yaml"]
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def worker(account, head):
    """A worker that the head asks for, by Ray's own code and the configuration that `ray up` left there."""
    path = head.host / "ray_bootstrap_config.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(head.host))
        patch.setenv("http_proxy", os.environ["AWS_ENDPOINT_URL"])  # to the metadata service, which is moto's too
        run_head_setup(yaml.safe_load(path.read_text()))
        launch_worker(FileConfigReader(path))
    [instance] = instances(account, "worker")
    return instance


def run_head_setup(config):
    """Run what the head runs after the set-up of every host."""
    assert config["head_setup_commands"] == CONFIG["setup_commands"] + CONFIG["head_setup_commands"]
    for command in CONFIG["head_setup_commands"]:
        subprocess.run(["bash", "-c", command], check=True)


def launch_worker(reader):
    """Do as the autoscaler on the head does."""
    config = reader.get_cached_autoscaling_config()
    provider = _get_node_provider(config.get_config("provider"), config.get_config("cluster_name"))
    launcher = NodeProviderAdapter(provider, reader)
    launcher._launch_nodes_by_type("worker", 1, "request")
    assert launcher.poll_errors() == []


def instances(account, kind):
    """The instances that Ray has tagged as a head or as workers."""
    filters = [{"Name": "tag:ray-node-type", "Values": [kind]}]
    found = account.ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def disks(account, instance):
    """Size, type and whether it goes with the instance, of each disk."""
    attached = {disk["Ebs"]["VolumeId"]: disk["Ebs"] for disk in instance["BlockDeviceMappings"]}
    volumes = account.ec2.describe_volumes(VolumeIds=list(attached))["Volumes"]
    return [
        (volume["Size"], volume["VolumeType"], attached[volume["VolumeId"]]["DeleteOnTermination"])
        for volume in volumes
    ]


def tags_of(instance):
    return {tag["Key"]: tag["Value"] for tag in instance["Tags"]}


def group_of(account, instance):
    """The one security group of an instance."""
    [group] = instance["SecurityGroups"]
    [described] = account.ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
    return described


def test_head_is_asked_for_as_the_file_says(account, head):
    """Type, image and disk of the head are those of the file; it is not on spot, and its role may ask for workers."""
    asked = CONFIG["available_node_types"]["head"]["node_config"]
    assert asked["InstanceType"] == head.instance["InstanceType"]
    assert asked["ImageId"] == head.instance["ImageId"]
    assert disks(account, head.instance) == [(30, "gp3", True)]
    assert "InstanceLifecycle" not in head.instance
    assert head.instance["IamInstanceProfile"]["Arn"].endswith(f":instance-profile/{ROLE}")


def test_launcher_gets_to_the_end(head):
    """Nothing in the file stops `ray up`: the head is set up, started and tagged as such."""
    tags = tags_of(head.instance)
    assert tags["ray-cluster-name"] == CONFIG["cluster_name"]
    assert tags["ray-user-node-type"] == CONFIG["head_node_type"]
    assert tags["ray-node-status"] == "up-to-date"


def test_only_ssh_is_open_to_the_world(account, head, worker):
    """Head and workers are in one group, which lets in ssh from anywhere and all else only from itself."""
    group = group_of(account, head.instance)
    assert group["GroupId"] == group_of(account, worker)["GroupId"]
    rules = [
        (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), source)
        for rule in group["IpPermissions"]
        for source in sources(rule)
    ]
    assert sorted(rules) == [("-1", None, None, group["GroupId"]), ("tcp", 22, 22, "0.0.0.0/0")]


def sources(rule):
    """Whom a rule lets in."""
    yield from (each["CidrIp"] for each in rule["IpRanges"])
    yield from (each["CidrIpv6"] for each in rule["Ipv6Ranges"])
    yield from (each["PrefixListId"] for each in rule["PrefixListIds"])
    yield from (each["GroupId"] for each in rule["UserIdGroupPairs"])


def test_hosts_are_reached_with_the_key_that_ray_made(account, head, worker):
    """One key pair, made for this account and region, is the head's and the workers', and opens the connections."""
    [pair] = account.ec2.describe_key_pairs()["KeyPairs"]
    assert pair["KeyName"] == head.instance["KeyName"] == worker["KeyName"]
    key = head.home / ".ssh" / f"{pair['KeyName']}.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() == (head.host / "ray_bootstrap_key.pem").read_text()
    address = f" ubuntu@{head.instance['PublicIpAddress']} "
    connections = (head.host / "commands").read_text().splitlines()
    assert connections
    assert [line for line in connections if f" -i {key} " not in line or address not in line] == []


def test_workers_are_asked_for_as_the_file_says(account, worker):
    """The head asks for workers on spot, with the type and disk of the file, and gives them no role of their own."""
    asked = CONFIG["available_node_types"]["worker"]["node_config"]
    assert asked["InstanceType"] == worker["InstanceType"]
    assert disks(account, worker) == [(30, "gp3", True)]
    assert worker["InstanceLifecycle"] == "spot"
    assert "IamInstanceProfile" not in worker
    assert tags_of(worker)["ray-cluster-name"] == CONFIG["cluster_name"]


def test_workers_start_from_the_heads_own_image(worker):
    """The head, whose role may not look images up, asks for the image that it was started from itself."""
    assert worker["ImageId"] == INSTANCE_METADATA["ami-id"]
