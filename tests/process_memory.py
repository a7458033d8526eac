"""process_memory.py: the memory of a process with its child processes."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import os


def memory_of(process):
    """The bytes of a process and of its children, of which each page counts once."""
    size = 0
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                size += sum(memory_of(int(child)) for child in file.read().split())
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            size += sum(1024 * int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        pass  # it has ended
    return size
