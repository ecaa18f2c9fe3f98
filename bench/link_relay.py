#!/usr/bin/env python3
"""A network between namespaces whose links have a rate and a delay, as root:
  bench/link_relay.py RATE DELAY NAMESPACE NAMESPACE...

Makes a device link0 in each (tun) and carries IPv4 packets between them, to the first namespace those
for addresses that end in .1, and so on. Each namespace sends RATE bits a second (1gbit, 100mbit; -: as
fast as it goes), one packet after the other, and every packet arrives DELAY later (1ms, 200us; -: at
once). None is lost or comes before another of the same sender. Says "ready" once all devices are
there; ends when it is ended. (For kernels without netem.)
"""
import collections
import ctypes
import fcntl
import os
import re
import select
import struct
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 0x0001, 0x1000
UNITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "us": 1e-6, "ms": 1e-3, "s": 1}
MOST_BYTES, AT_ONCE = 65536, 64


def number(text, otherwise):
    if text == "-":
        return otherwise
    parts = re.fullmatch(r"([0-9.]+)([a-z]+)", text)
    if not parts or parts[2] not in UNITS:
        sys.exit(f"{text}: no rate or time")
    return float(parts[1]) * UNITS[parts[2]]


def device_in(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as place:
        if libc.setns(place.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"{namespace}: {os.strerror(ctypes.get_errno())}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"link0", IFF_TUN | IFF_NO_PI))
    return device


class Sender:
    def __init__(self, devices, own, rate, delay):
        self.devices, self.own, self.rate, self.delay = devices, own, rate, delay
        self.free = 0.0  # when the last packet has left
        self.waiting = collections.deque()  # (when it arrives, packet)

    def take(self, now):
        for _ in range(AT_ONCE):
            try:
                packet = os.read(self.devices[self.own], MOST_BYTES)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4 or not 1 <= packet[19] <= len(self.devices):
                continue
            self.free = max(self.free, now) + len(packet) / self.rate
            self.waiting.append((self.free + self.delay, packet))

    def give(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            packet = self.waiting.popleft()[1]
            try:
                os.write(self.devices[packet[19] - 1], packet)
            except OSError:
                pass  # the device is down

    def next(self):
        return self.waiting[0][0] if self.waiting else float("inf")


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    rate, delay = number(sys.argv[1], float("inf")) / 8, number(sys.argv[2], 0.0)
    devices = [device_in(name) for name in sys.argv[3:]]
    senders = [Sender(devices, i, rate, delay) for i in range(len(devices))]
    print("ready", flush=True)
    while True:
        wait = min(s.next() for s in senders) - time.monotonic()
        ready = select.select(devices, [], [], None if wait == float("inf") else max(wait, 0))[0]
        for device in ready:
            senders[devices.index(device)].take(time.monotonic())
        for sender in senders:
            sender.give(time.monotonic())


if __name__ == "__main__":
    main()
