"""The cluster files are ones that the installed Ray accepts, and set up and start the same on every host."""

import os

import pytest
import yaml
from commands import ROOT
from jsonschema.exceptions import ValidationError
from ray.autoscaler._private.util import prepare_config, validate_config

FILES = ("cluster.yaml", "deploy/on-premise.yaml")
SHARED = {
    "file_mounts",
    "rsync_exclude",
    "setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
}


def read(name):
    return yaml.safe_load((ROOT / name).read_text())


def shared_part(name):
    """What follows the line that says so."""
    _, _, rest = (ROOT / name).read_text().partition("# From here on as in ")
    return rest.partition("\n")[2]


@pytest.mark.parametrize("name", FILES)
def test_cluster_file_follows_rays_schema(name):
    """Ray's own schema accepts each cluster file, and would not accept a misspelt key."""
    config = prepare_config(read(name))
    validate_config(config)
    with pytest.raises(ValidationError):
        validate_config(config | {"max_wrokers": 3})


def test_one_head_and_up_to_three_workers():
    """Ray makes of cluster.yaml one head, of whose kind no worker is made, and none to three workers."""
    types = prepare_config(read("cluster.yaml"))["available_node_types"]
    limits = {name: (node_type["min_workers"], node_type["max_workers"]) for name, node_type in types.items()}
    assert limits == {"head": (0, 0), "worker": (0, 3)}


def test_both_cluster_files_share_their_commands():
    """What is copied to the hosts, how they are set up and how Ray is started there is written alike in both files."""
    assert shared_part("cluster.yaml") == shared_part("deploy/on-premise.yaml")
    assert set(yaml.safe_load(shared_part("cluster.yaml"))) == SHARED


def test_what_is_copied_to_the_hosts_is_there():
    """Every path of the project that the cluster files copy exists, and lands where it lies here."""
    mounts = {remote: local for remote, local in read("cluster.yaml")["file_mounts"].items() if local[0] != "~"}
    assert [local for local in mounts.values() if not (ROOT / local).exists()] == []
    assert mounts == {f"~/mnist-search/{local}": local for local in mounts.values()}


def test_hosts_install_what_the_project_locks():
    """Every host sets itself up by a script that ends in the same command as a person's."""
    [command] = read("cluster.yaml")["setup_commands"]
    script = ROOT / command.removeprefix("~/mnist-search/")
    assert os.access(script, os.X_OK)
    assert "make setup" in script.read_text()


def test_the_dashboard_is_on_loopback():
    """The head is started so that its dashboard, which takes jobs, is reached through ssh only."""
    [start] = [command for command in read("cluster.yaml")["head_start_ray_commands"] if "--head" in command]
    assert "--dashboard-host=127.0.0.1" in start.split()
