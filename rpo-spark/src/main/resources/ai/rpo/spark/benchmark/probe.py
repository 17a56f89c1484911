import os
import socket
import time

if any(name != "lo" for _, name in socket.if_nameindex()):
    raise Exception("programs cannot be kept from the network")
for path in ("/written", "/usr/written", "/dev/written"):
    try:
        open(path, "w")
    except OSError:
        continue
    raise Exception("programs cannot be kept from writing to " + path)
try:
    with open("/scratch/large", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
except OSError:
    os.truncate("/scratch/large", 0)
else:
    raise Exception("the bytes that programs write cannot be limited")
try:
    bytearray(2 << 30)
except MemoryError:
    pass
else:
    raise Exception("the memory of programs cannot be limited")
try:
    for _ in range(64):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
except OSError:
    pass
else:
    raise Exception("the number of processes cannot be limited")
