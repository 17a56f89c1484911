import os
import signal
import sys
import traceback


def too_long(number, frame):
    raise TimeoutError("more than 3 s of the processor")


signal.signal(signal.SIGXCPU, too_long)
os.chdir("/scratch")
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
os.dup2(1, 2)
passed = sys.stdin.readline().encode()
program = sys.stdin.read()
os.write(3, b"begun\n")
try:
    exec(compile(program, "program.py", "exec"), {})
except BaseException as e:
    os.write(3, "".join(traceback.format_exception_only(type(e), e))[-1000:].encode("utf-8", "replace"))
    os._exit(1)
os.write(3, passed)
os._exit(0)
