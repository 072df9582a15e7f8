#!/bin/bash
# Process 1 of a machine of the rig, in namespaces of its own: gives it a name, a home, a /tmp and an address, and serves ssh.
# usage: host.sh FOLDER NAME ADDRESS CHECKOUT PREFIX BASE
#   FOLDER holds what is the machine's own; the rest is the project, its virtual environment, and the Python behind that.
set -eu
folder=$1 name=$2 address=$3 checkout=$4 prefix=$5 base=$6
project=/root/mnist-search

# Shows SOURCE at PLACE; /root and /tmp will be the machine's own, so what belongs there goes into these.
show() { # SOURCE PLACE ro|rw
    case $2/ in /root/* | /tmp/*) place=$folder$2 ;; *) place=$2 ;; esac
    mkdir -p "$place"
    mount --rbind "$1" "$place"
    mount -o "remount,bind,$3" "$place"
}

hostname "$name"
for file in hosts resolv.conf; do mount --bind "$folder/etc/$file" "/etc/$file"; done
mount -t tmpfs tmpfs /run && mkdir /run/sshd

case $base in /root/* | /tmp/*) show "$base" "$base" ro ;; esac
if [ "$name" = client ]; then
    show "$checkout" "$checkout" ro
    show "$prefix" "$prefix" ro
else # Of the project a host has only what is sent to it: also where the environment's installation looks for the checkout.
    show "$prefix" $project/.venv ro
    mount --bind "$folder/etc/installed" "$folder$project/.venv/.installed" # later than any change of the checkout
    show "$folder$project" "$checkout" rw
    show "$folder$project/.venv" "$prefix" ro
fi
mount --rbind "$folder/root" /root
mount --rbind "$folder/tmp" /tmp
mount -t tmpfs -o size=2g tmpfs /dev/shm # last: the folder may lie there
cd /

ip link set lo up
if [ "$name" = client ]; then
    ip link add bridge0 type bridge
    ip address add "$address" dev bridge0
    ip link set bridge0 up
    echo ready >/tmp/ready
    exec sleep infinity
fi
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done # the rig plugs it in
ip address add "$address" dev eth0
ip link set eth0 up
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/sshd -D -e -f /dev/null -o HostKey=/root/.ssh/host_key \
    -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o UsePAM=no -o UseDNS=no -o PidFile=none -o StrictModes=no
