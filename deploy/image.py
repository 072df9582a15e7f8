"""Has the head's workers start from the image that the head itself was started from, by its id.

cluster.yaml names the newest image by a parameter. Who starts an instance so needs leave to look the parameter up:
whoever runs `ray up` has it, the role that Ray makes for the head does not.
"""

import json
from pathlib import Path
from urllib.request import Request, urlopen

METADATA = "http://169.254.169.254/latest"  # every instance's own
CONFIG = Path("~/ray_bootstrap_config.yaml").expanduser()


def ask(path: str, header: str, value: str, method: str = "GET") -> str:
    """What the metadata service answers."""
    request = Request(f"{METADATA}/{path}", headers={f"X-aws-ec2-metadata-{header}": value}, method=method)  # noqa: S310
    with urlopen(request, timeout=10) as response:  # noqa: S310 (the address is written above)
        return str(response.read(), "utf-8")


def metadata(name: str) -> str:
    """What this instance is told about itself; an OSError where nobody answers, or the service has no such thing."""
    return ask(f"meta-data/{name}", "token", ask("api/token", "token-ttl-seconds", "60", "PUT"))


def main() -> None:
    """Rewrite the configuration that Ray's autoscaler reads on the head."""
    image = metadata("ami-id")
    config = json.loads(CONFIG.read_text())
    for node_type in config["available_node_types"].values():
        node_type["node_config"]["ImageId"] = image
    new = CONFIG.with_suffix(".new")
    new.write_text(json.dumps(config))
    new.replace(CONFIG)  # at once: the autoscaler may be reading


if __name__ == "__main__":
    main()
