# The format seen from outside: any MessagePack library reads every byte of every rs file.

setup() {
    load helper
    _common_setup
    find_python msgpack
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" --users "$SAMPLE_USERS" -o ratings.rs
    rs-matrix ratings.rs -o matrix.rs
}

# What an independent reader makes of a file, by the rules of common/format/format.h.
unpack() {
    "$PYTHON" - "$@" <<'END'
import json, struct, sys
import msgpack

FORMATS = {"u8": "B", "i8": "b", "u16": "H", "u32": "I", "i32": "i", "u64": "Q", "i64": "q",
           "f32": "f", "f64": "d"}

def objects(data):
    """Every top-level object with its offset; fails on a byte that belongs to none."""
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=0, strict_map_key=True)
    unpacker.feed(data)
    at = 0
    for value in unpacker:
        yield at, value
        at = unpacker.tell()
    assert at == len(data), f"{len(data) - at} bytes are no MessagePack"

def segments(data):
    segment, waiting, begin = None, None, 0
    for at, value in objects(data):
        if isinstance(value, dict):
            assert at % 64 == 0, f"a map at {at}"
            assert waiting is None
            if segment is None:
                assert next(iter(value)) == "rs" and value["version"] == 1
                segment, begin = {"header": value, "arrays": {}}, at
            elif "array" in value:
                waiting = value
            else:
                assert next(iter(value)) == "end" and value["end"] == segment["header"]["rs"]
                assert value["bytes"] == at - begin and list(value)[-1] == "xxh3"
                segment["end"] = value
                yield segment
                segment = None
        elif data[at] == 0xc6: # a bin 32 is a payload, whatever else lies between is padding
            assert waiting is not None and len(value) == waiting["bytes"]
            assert (at + 5) % 64 == 0, f"a payload at {at + 5}"
            rows, columns = waiting["shape"]
            numbers = struct.unpack(f"<{rows * columns}{FORMATS[waiting['type']]}", value)
            segment["arrays"].setdefault(waiting["array"], []).append(numbers)
            waiting = None
        else:
            assert value is None or set(value) <= {0}, "padding that is none"
    assert segment is None

def names(arrays, prefix):
    found = []
    for offsets, text in zip(arrays.get(prefix + "_offset", []), arrays.get(prefix + "_bytes", [])):
        found += [bytes(text[a:b]).decode() for a, b in zip(offsets, offsets[1:])]
    return found

for segment in segments(open(sys.argv[1], "rb").read()):
    arrays = segment["arrays"]
    if segment["header"]["rs"] == "ratings":
        users, items = names(arrays, "user"), names(arrays, "item")
        for batch in zip(*(arrays[name] for name in ("user", "item", "rating", "time"))):
            for user, item, rating, time in zip(*batch):
                print(f"{users[user]},{items[item]},{rating:g},{time // 1000}")
    else:
        users, items = names(arrays, "user"), names(arrays, "item")
        start, other, rating = (arrays["row_" + n][0] for n in ("start", "item", "rating"))
        for u in range(len(users)):
            for e in range(start[u], start[u + 1]):
                print(f"{users[u]},{items[other[e]]},{rating[e]:g}")
END
}

@test "python3-msgpack reads a ratings file whole and finds the ratings" {
    [ -n "$PYTHON" ] || skip "no python3-msgpack"
    unpack ratings.rs >rows
    diff <(tail -n +2 "$SAMPLE" | awk -F, '{ print $1 "," $2 "," $3 + 0 "," $4 }') rows
    cat ratings.rs ratings.rs >twice.rs
    unpack twice.rs | cmp - <(cat rows rows)
}

@test "python3-msgpack reads a matrix whole and finds it sorted" {
    [ -n "$PYTHON" ] || skip "no python3-msgpack"
    unpack matrix.rs >rows
    tail -n +2 "$SAMPLE" | awk -F, '{ print $1 "," $2 "," $3 + 0 }' | sort -t, -k1,1n -k2,2n | diff - rows
}

@test "python3-msgpack takes apart whatever the programs write" {
    [ -n "$PYTHON" ] || skip "no python3-msgpack"
    rs-sim matrix.rs -o graph.rs
    rs-score -m matrix.rs --model baseline --pairs ratings.rs -o scores.rs
    rs-blend scores.rs -o blend.rs
    rs-split --last 1 ratings.rs -o split.rs
    for file in graph scores blend split; do
        "$PYTHON" - $file.rs <<'END'
import sys, msgpack
unpacker = msgpack.Unpacker(open(sys.argv[1], "rb"), raw=False)
values = [value for value in unpacker]
maps = [value for value in values if isinstance(value, dict)]
assert "rs" in maps[0] and "end" in maps[-1], maps
assert all(isinstance(value, (dict, bytes, type(None))) for value in values)
END
    done
}
