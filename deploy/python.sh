#!/bin/sh
# Prints the Python to make the environment of: the newest one here that suits, or the one that is named. Where none
# suits, it says why in one line.
cd "$(dirname "$0")/.." || exit
why=
for python in ${1:-python3.13 python3.12 python3.11 python3 python}; do
    if ! command -v "$python" >/dev/null; then
        [ $# = 0 ] || why="$python is not there"
    elif said=$("$python" -I -S search/surroundings/interpreter.py 2>&1); then
        echo "$python"
        exit
    else
        why="$why${why:+; }$python $(echo "$said" | tail -n 1)"
    fi
done
echo "Python 3.11, 3.12 or 3.13 is needed: ${why:-there is none}; name one that suits: make setup PYTHON=/path/to/python3" >&2
exit 2
