"""Reads a stream as any ZeroMQ program may: prints each record with its topic, until its input ends."""

import json
import sys
import threading

import zmq

endpoint, stream = sys.argv[1:]
sub = zmq.Context().socket(zmq.SUB)
sub.setsockopt(zmq.SUBSCRIBE, stream.encode())
sub.connect(endpoint)


def read():
    while True:
        topic, body, *ledger = sub.recv_multipart()
        for line in body.splitlines():
            print(topic.decode(), json.loads(line)["msg"], flush=True)


threading.Thread(target=read, daemon=True).start()
sys.stdin.read()
