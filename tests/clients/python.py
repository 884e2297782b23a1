"""What the documentation of socktop_agent shows for Python: JSON requests and json.loads on every
answer, where only what is no JSON may be something else; then the process list, unpacked and read with
the documented schema (processes_pb2, made by protoc). Says what it saw, as JSON."""

import asyncio
import gzip
import json

import processes_pb2
import websockets


async def main():
    seen = {"metrics": [], "disks": []}
    async with websockets.connect("ws://localhost:3000/ws") as socket:
        # One request more than answers are read, as in the documented program.
        await socket.send(json.dumps({"type": "metrics"}))
        for _ in range(4):
            await socket.send(json.dumps({"type": "metrics"}))
            answer = await socket.recv()
            try:
                metrics = json.loads(answer)
                metrics["mem_used"] / metrics["mem_total"]
                seen["metrics"].append(metrics)
            except json.JSONDecodeError:
                seen["binary"] = len(answer)
            await asyncio.sleep(0.3)
        await socket.recv()

        await socket.send(json.dumps({"type": "disks"}))
        seen["disks"] = json.loads(await socket.recv())

        await socket.send(json.dumps({"type": "processes"}))
        answer = await socket.recv()
        seen["gzip"] = answer[:2] == b"\x1f\x8b"
        if seen["gzip"]:
            answer = gzip.decompress(answer)
        processes = processes_pb2.ProcessList()
        processes.ParseFromString(answer)
        seen["process_count"] = processes.process_count
        seen["processes"] = [
            [one.pid, one.name, one.cpu_usage, one.mem_bytes] for one in processes.processes
        ]
    print(json.dumps(seen))


asyncio.run(asyncio.wait_for(main(), 20))
