"""Reads rs files: the header, and the arrays where they lie (see common/format/format.h)."""

import mmap

import msgpack
import numpy

TYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "u32": "<u4", "i32": "<i4",
         "u64": "<u8", "i64": "<i8", "f32": "<f4", "f64": "<f8"}


def read(path):
    """The header of the first segment of a file and a dictionary of its arrays."""
    with open(path, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    at, header, section, arrays = 0, None, None, {}
    while at < len(memory):
        first = memory[at]
        if first == 0xC0:  # padding
            at += 1
        elif first == 0xC4:
            at += 2 + memory[at + 1]
        elif first == 0xC6:
            size = int.from_bytes(memory[at + 1:at + 5], "big")
            data = numpy.frombuffer(memory, TYPES[section["type"]],
                                    size // numpy.dtype(TYPES[section["type"]]).itemsize, at + 5)
            arrays.setdefault(section["array"], []).append(data)
            at += 5 + size
        else:
            unpacker = msgpack.Unpacker()
            unpacker.feed(memory[at:at + 65536])
            thing = unpacker.unpack()
            at += unpacker.tell()
            if "end" in thing:
                break
            header, section = header or thing, thing
    return header, {name: parts[0] if len(parts) == 1 else numpy.concatenate(parts)
                    for name, parts in arrays.items()}


def sparse(arrays, users):
    """A matrix file's ratings as a CSR matrix with a row a user, or a row an item."""
    from scipy.sparse import csr_matrix
    line, other = ("row", "row_item") if users else ("column", "column_user")
    start = arrays[line + "_start"].astype(numpy.int64)
    shape = (len(arrays["row_start"]) - 1, len(arrays["column_start"]) - 1)
    index = arrays[other].astype(numpy.int32 if start[-1] < 2**31 else numpy.int64)
    if start[-1] < 2**31:
        start = start.astype(numpy.int32)
    return csr_matrix((arrays[line + "_rating"], index, start),
                      shape=shape if users else shape[::-1], copy=False)
