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

if ! { command -v make && make --question .venv/.installed; } >/dev/null 2>&1; then
    if ! { command -v make && python3 -c 'import ensurepip'; } >/dev/null 2>&1; then
        sudo apt-get update -qq
        sudo apt-get install -y -qq make python3-venv
    fi
    [ -x ~/.uv/bin/uv ] || python3 -m venv ~/.uv
    ~/.uv/bin/python -m pip --disable-pip-version-check install --quiet uv==$UV
    ~/.uv/bin/uv python install --quiet $PYTHON
    make setup PYTHON="$(~/.uv/bin/uv python find --managed-python $PYTHON)"
fi
