"""Publishes two frames, a bunyan record and a plain line by turns, numbered, until its input ends."""

import itertools
import json
import select
import sys

import zmq

endpoint, topic = sys.argv[1:]
pub = zmq.Context().socket(zmq.PUB)
pub.linger = 0
pub.connect(endpoint)

record = {"name": "python", "hostname": "vm", "pid": 1, "level": 40, "time": "2026-01-02T03:04:05.678Z", "v": 0}
for number in itertools.count():
    body = json.dumps({**record, "msg": f"{number}"}) if number % 2 == 0 else f"{number}"
    pub.send_multipart([topic.encode(), body.encode()])
    if select.select([sys.stdin], [], [], 0.005)[0]:
        break
