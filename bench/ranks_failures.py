#!/usr/bin/env python3
"""What ranks do when something is wrong from the start, or one of them is killed:
  bench/ranks_failures.py [--shrike PROGRAM] [--cases A,B] OUT DATA

Real processes on this host. OUT: a folder for the runs, which is emptied. DATA: a folder with data.yaml,
images/{train,val} and labels/{train,val} (BCCD's). For each case a row of each rank, as Markdown: the seconds
from the fault on until it has ended, its exit code, what it says last. Exit code 1 where one took more than 60 s,
ended well that should not have, or does not say what it should: which rank is gone, or what is wrong; such a row ends
with what is missed. "killed" is the one that was. --cases: some (all; the names are in the table's rows; no_host wants root and iproute2).
"""
import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

MOST_SECONDS = 60
PATIENCE = 240
NETWORK = "shrike-nobody"


class Rank:
    """One process of a run."""

    def __init__(self, options, name, rank, size, words, address="127.0.0.1", port=None, folder=None,
                 before=()):
        self.rank, self.killed = rank, None
        self.errors = open(os.path.join(options.out, f"{name}.{rank}.err"), "w+")
        environment = dict(os.environ, RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR=address,
                           MASTER_PORT=str(port))
        self.process = subprocess.Popen([*before, options.shrike, "train", *words], env=environment, cwd=folder,
                                        stdout=subprocess.DEVNULL, stderr=self.errors)

    def kill(self):
        self.killed = time.time()
        self.process.send_signal(signal.SIGKILL)

    # Whether it has a file open whose path has `part`.
    def has_open(self, part):
        folder = f"/proc/{self.process.pid}/fd"
        try:
            return any(part in os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder))
        except OSError:
            return False

    # Stopped with such a file open; where that was just closed it goes on.
    def stops_with_open(self, part):
        if not self.has_open(part):
            return False
        self.process.send_signal(signal.SIGSTOP)
        if self.has_open(part):
            return True
        self.process.send_signal(signal.SIGCONT)
        return False

    def last_line(self):
        self.errors.seek(0)
        lines = [line for line in self.errors.read().splitlines() if line]
        return lines[-1].removeprefix("shrike: ") if lines else ""


    # Whether it is connected with somebody at the port.
    def is_at(self, port):
        folder = f"/proc/{self.process.pid}/fd"
        try:
            own = {os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)}
        except OSError:
            return False
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as lines:
                for words in (line.split() for line in lines):
                    if words[3] == "01" and words[2].endswith(f":{port:04X}") and f"socket:[{words[9]}]" in own:
                        return True
        return False


class Cases:
    def __init__(self, options):
        self.options, self.port, self.good = options, free_port(), True
        self.words = ["--scratch", "yolov8n", "--imgsz", "64", "--batch", "16", "--threads", "1", "--save-seconds", "0"]

    def start(self, name, rank, size, data=None, epochs=50, more=(), **place):
        data = data or os.path.join(self.options.data, "data.yaml")
        place.setdefault("port", self.port)
        return Rank(self.options, name, rank, size, [*self.words, "--epochs", str(epochs), "--data", data, "--out",
                                                       self.out(name), *more], **place)

    def two(self, name, **kinds):
        self.port = free_port()
        return [self.start(name, r, 2, **kinds) for r in (0, 1)]

    # Waits for all, and says what became of them since the fault. `wanted`: what each of them has to say; by rank where
    # they say different things. Of one that was killed: that it is gone.
    def tell(self, name, title, ranks, wanted=None, begin=None):
        wanted = wanted or next(f"(rank {r.rank} is gone)" for r in ranks if r.killed)
        begin = begin or next((r.killed for r in ranks if r.killed), None)
        ended = {}
        while len(ended) < len(ranks) and time.time() < begin + PATIENCE:
            for rank in ranks:
                if rank not in ended and rank.process.poll() is not None:
                    ended[rank] = time.time() - begin
            time.sleep(0.05)
        for rank in ranks:
            if rank not in ended:
                rank.process.kill()
                rank.process.wait()
            seconds, code = ended.get(rank, PATIENCE), rank.process.returncode
            if rank.killed:
                print(f"| {name} | {title} | {rank.rank} | | killed | |")
            else:
                said = rank.last_line()
                needed = wanted if isinstance(wanted, str) else wanted[rank.rank]
                missed = "" if needed in said else f" MISSED: {needed}"
                print(f"| {name} | {title} | {rank.rank} | {seconds:.0f} | {code} | {said}{missed} |")
                self.good = self.good and seconds <= MOST_SECONDS and code > 0 and not missed
            title = ""
        sys.stdout.flush()

    # Of a kill of rank `victim` once `begun` is true, and `seconds` later.
    def kill(self, name, title, ranks, victim, begun, seconds):
        end = time.time() + PATIENCE
        while not begun():
            if time.time() > end or any(r.process.poll() is not None for r in ranks):
                sys.exit(f"{name}: it does not come that far: {[r.last_line() for r in ranks]}")
            time.sleep(0.02)
        time.sleep(seconds)
        ranks[victim].kill()
        self.tell(name, title, ranks)

    def all_at(self, ranks):
        return lambda: all(rank.is_at(self.port) for rank in ranks)

    def out(self, name, *names):
        return os.path.join(self.options.out, name, *names)

    # A data set of many names for the pictures of DATA, which takes long to look at.
    def many(self, train, val):
        folder = self.out(f"many-{train}-{val}")
        for split, count in (("train", train), ("val", val)):
            pictures = os.path.join(self.options.data, "images", split)
            names = sorted(os.listdir(pictures))
            for kind in ("images", "labels"):
                os.makedirs(os.path.join(folder, kind, split), exist_ok=True)
            for i in range(count):
                stem, ending = os.path.splitext(names[i % len(names)])
                link(os.path.join(pictures, stem + ending), folder, "images", split, f"{i}{ending}")
                link(os.path.join(self.options.data, "labels", split, stem + ".txt"), folder, "labels", split,
                     f"{i}.txt")
        copy_yaml(self.options.data, folder)
        return os.path.join(folder, "data.yaml")

    # From the start.

    def too_few(self, name):
        self.port = free_port()
        begin = time.time()
        self.tell(name, "two of three come", [self.start(name, r, 3) for r in (0, 1)], "(rank 2 did not)",
                  begin)

    def too_many(self, name):
        begin = time.time()
        self.tell(name, "a third of two", [self.start(name, 2, 2)], "RANK '2' of WORLD_SIZE '2' is no share", begin)

    def other_size(self, name):
        self.port = free_port()
        begin = time.time()
        self.tell(name, "one of two, one of three", [self.start(name, r, 2 + r) for r in (0, 1)],
                  "one process says that there are", begin)

    def same_rank(self, name):
        self.port = free_port()
        ranks = [self.start(name, 0, 3), self.start(name, 1, 3)]
        while not self.all_at(ranks)():
            time.sleep(0.1)
        begin = time.time()
        self.tell(name, "two are rank 1 of three", [*ranks, self.start(name, 1, 3)],
                  "two processes say that they are rank 1", begin)

    def port_in_use(self, name):
        with listener() as taken:
            begin = time.time()
            port = taken.getsockname()[1]
            self.tell(name, "another program has the port", [self.start(name, r, 2, port=port) for r in (0, 1)],
                      ["Address already in use", "is not the store of these processes"], begin)

    def no_port(self, name):
        begin = time.time()
        self.tell(name, "nobody listens at the port", [self.start(name, 1, 2, port=free_port())],
                  "nobody listens there, as rank 0 would: Connection refused", begin)

    # In a network of its own, where packets to the other host are sent and get nowhere.
    def no_host(self, name):
        if os.geteuid() != 0:
            return
        ip(f"netns add {NETWORK}")
        try:
            ip(f"-n {NETWORK} link add link0 type veth peer name link1")
            for device in ("lo", "link0", "link1"):
                ip(f"-n {NETWORK} link set {device} up")
            ip(f"-n {NETWORK} addr add 10.78.0.1/24 dev link0")
            ip(f"-n {NETWORK} neigh add 10.78.0.2 lladdr 02:00:00:00:00:02 dev link0 nud permanent")
            begin = time.time()
            self.tell(name, "nobody answers at the address",
                      [self.start(name, 1, 2, address="10.78.0.2", before=["ip", "netns", "exec", NETWORK])],
                      "nobody listens there, as rank 0 would: no answer", begin)
        finally:
            ip(f"netns del {NETWORK}")

    def no_name(self, name):
        begin = time.time()
        self.tell(name, "the name is unknown", [self.start(name, 1, 2, address="nobody.invalid")],
                  "MASTER_ADDR 'nobody.invalid' is no host", begin)

    def arguments(self, name):
        self.port = free_port()
        begin = time.time()
        self.tell(name, "other options",
                  [self.start(name, 0, 2), self.start(name, 1, 2, more=["--lrf", "0.1"])],
                  "the options of rank 1 differ from those of rank 0", begin)

    # The same words in two folders.
    def differ(self, name, title, wanted, change):
        folders = []
        for r in (0, 1):
            folder = self.out(f"{name}-{r}")
            os.makedirs(folder)
            for kind in ("images", "labels"):
                shutil.copytree(os.path.join(self.options.data, kind), os.path.join(folder, kind))
            copy_yaml(self.options.data, folder)
            folders.append(folder)
        change(folders[1])
        self.port = free_port()
        begin = time.time()
        self.tell(name, title, [self.start(name, r, 2, data="data.yaml", folder=folders[r]) for r in (0, 1)], wanted,
                  begin)

    def labels(self, name):
        def change(folder):
            labels = os.path.join(folder, "labels", "train")
            with open(os.path.join(labels, sorted(os.listdir(labels))[0]), "a") as file:
                file.write("0 0.5 0.5 0.25 0.25\n")
        self.differ(name, "one box more on rank 1", "the pictures and labels of rank 1 differ from those of rank 0", change)

    def no_pictures(self, name):
        self.differ(name, "no pictures on rank 1", ["rank 1: data.yaml: val: no such file or folder", "images/val"],
                    lambda folder: shutil.rmtree(os.path.join(folder, "images", "val")))

    # Killed in the middle.

    def unmet(self, name):
        self.port = free_port()
        ranks = [self.start(name, r, 3) for r in (0, 1)]
        self.kill(name, "rank 1 dies, rank 2 has not come", ranks, 1, self.all_at(ranks), 2)

    def unmet_first(self, name):
        self.port = free_port()
        ranks = [self.start(name, r, 3) for r in (0, 1)]
        self.kill(name, "rank 0 dies, rank 2 has not come", ranks, 0, self.all_at(ranks), 2)

    def last_comes(self, name):
        self.port = free_port()
        ranks = [self.start(name, r, 3) for r in (0, 1)]
        while not self.all_at(ranks)():
            time.sleep(0.1)
        time.sleep(2)
        ranks[1].kill()
        ranks.append(self.start(name, 2, 3))
        self.tell(name, "rank 1 dies, rank 2 comes then", ranks)

    def preparing(self, name, victim=1):
        ranks = self.two(name, data=self.many(16, 20000))
        self.kill(name, "preparing", ranks, victim, self.all_at(ranks), 4)

    def preparing_first(self, name):
        self.preparing(name, 0)

    def epoch(self, name):
        ranks = self.two(name)
        self.kill(name, "in an epoch", ranks, 1, lambda: os.path.exists(self.out(name, "results.csv")), 0.7)

    def epoch_first(self, name):
        ranks = self.two(name)
        self.kill(name, "in an epoch", ranks, 0, lambda: os.path.exists(self.out(name, "results.csv")), 0.7)

    # One step an epoch. Killed with a picture of val open, behind the first epoch: nobody reads one but to judge.
    def validation(self, name, victim=1):
        ranks = self.two(name, data=self.many(16, 3000))
        pictures = os.path.join(os.path.realpath(self.options.data), "images", "val")
        self.kill(name, "in validation", ranks, victim,
                  lambda: os.path.exists(self.out(name, "results.csv")) and ranks[victim].stops_with_open(pictures), 0)

    def validation_first(self, name):
        self.validation(name, 0)

    # A checkpoint is written at each step, while a file without its name is open.
    def saving(self, name, victim=1):
        ranks = self.two(name, epochs=2)
        folder = os.path.realpath(self.out(name, "checkpoints"))
        self.kill(name, "while rank 0 saves", ranks, victim, lambda: ranks[0].has_open(folder), 0)
        code = subprocess.run([self.options.shrike, "train", "--resume", self.out(name), "--threads", "1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600).returncode \
            if os.path.exists(self.out(name, "args.json")) else None
        print(f"| {name} | gone on with | | | {code} | |", flush=True)
        self.good = self.good and code == 0

    def saving_first(self, name):
        self.saving(name, 0)


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


def link(target, *names):
    path = os.path.join(*names)
    if not os.path.lexists(path):
        os.symlink(target, path)


def copy_yaml(data, folder):
    with open(os.path.join(data, "data.yaml")) as file:
        lines = [line for line in file if not line.startswith(("path:", "test:"))]
    with open(os.path.join(folder, "data.yaml"), "w") as file:
        file.writelines(["path: .\n", *lines])


def listener():
    taken = socket.socket()
    taken.bind(("0.0.0.0", 0))
    taken.listen(8)
    return taken


def free_port():
    with listener() as taken:
        return taken.getsockname()[1]


ALL = ["too_few", "too_many", "other_size", "same_rank", "port_in_use", "no_port", "no_host", "no_name", "arguments",
       "labels", "no_pictures", "unmet", "unmet_first", "last_comes", "preparing", "preparing_first", "epoch",
       "epoch_first", "validation", "validation_first", "saving", "saving_first"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--cases", default=",".join(ALL))
    parser.add_argument("out")
    parser.add_argument("data")
    options = parser.parse_args()
    for name in ("shrike", "out", "data"):
        setattr(options, name, os.path.realpath(getattr(options, name)))
    shutil.rmtree(options.out, ignore_errors=True)
    os.makedirs(options.out)
    print("| case | what | rank | s | exit code | says |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    cases = Cases(options)
    for name in options.cases.split(","):
        if name not in ALL:
            sys.exit(f"--cases: no {name}; there are {', '.join(ALL)}")
        getattr(cases, name)(name)
    sys.exit(0 if cases.good else 1)


if __name__ == "__main__":
    main()
