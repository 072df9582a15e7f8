#!/bin/sh
# Makes a host of the cluster ready: one exact Python on all of them, the locked packages, the settings of its shells.
# Where that is done already it takes a second, so it may be run again at will.
set -eu
PYTHON=3.12.16 UV=0.13.9 # of all hosts; uv fetches a Python that does not depend on the host's own
cd "$(dirname "$0")/.."

settings=". ~/mnist-search/deploy/settings.sh"
grep -qxF "$settings" ~/.bashrc || echo "$settings" >>~/.bashrc
chmod 600 ~/.ray/auth_token
mkdir -p runs

# A .venv that this script made with another Python cannot be brought up to date.
[ ! -d ~/.uv ] || [ "$(.venv/bin/python -V 2>/dev/null)" = "Python $PYTHON" ] || rm -rf .venv

if ! { command -v make && make --question .venv/.installed; } >/dev/null 2>&1; then
    if ! { command -v make && python3 -c 'import ensurepip'; } >/dev/null 2>&1; then
        sudo true
        # A new instance installs packages itself at first; apt-get waits for that when it installs, not when it updates.
        timeout 300 cloud-init status --wait >/dev/null 2>&1 || true
        tries=60
        until sudo apt-get update -qq || [ $((tries -= 1)) = 0 ]; do sleep 5; done
        sudo DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq make python3-venv
    fi
    [ -x ~/.uv/bin/uv ] || python3 -m venv ~/.uv
    ~/.uv/bin/python -m pip --disable-pip-version-check install --quiet uv==$UV
    ~/.uv/bin/uv python install --quiet $PYTHON
    make setup PYTHON="$(~/.uv/bin/uv python find --managed-python $PYTHON)"
fi
