# The neighbour models against an independent implementation, on one published fold. `make reference` does all five.

setup() {
    load helper
    _common_setup
}

@test "ten figures of another implementation within 0.001 on MovieLens-100K u1" {
    require_data ml-100k/u1.base
    run -0 "$ROOT/pipelines/reference" 1
    assert_equal "${#lines[@]}" 11
    refute_output --partial differs
}
