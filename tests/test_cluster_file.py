"""The cluster file is one that the installed Ray accepts."""

import pytest
import yaml
from commands import ROOT
from jsonschema.exceptions import ValidationError
from ray.autoscaler._private.util import prepare_config, validate_config


def test_cluster_file_follows_rays_schema():
    """Ray's own schema accepts cluster.yaml, and would not accept a misspelt key."""
    config = prepare_config(yaml.safe_load((ROOT / "cluster.yaml").read_text()))
    validate_config(config)
    with pytest.raises(ValidationError):
        validate_config(config | {"max_wrokers": 3})


def test_cluster_installs_and_starts_what_the_project_locks():
    """Every host sets itself up with the same command as a person does and starts that Ray."""
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    assert any("make setup" in command for command in config["setup_commands"])
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert all(command.startswith("~/mnist-search/.venv/bin/ray ") for command in config[key])
