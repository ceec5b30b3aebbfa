# What takes too long for every run of the tests: the server killed two hundred times under load, its
# handlers and its journal fuzzed, races looked for, its memory watched over a day of users. Each ends in one line, or fails.

harden := build/harden
clang_fuzz = clang -g -O1 -std=c11 -D_GNU_SOURCE -Icommon -fsanitize=fuzzer,address,undefined \
             -fno-sanitize-recover=undefined
harden_libs = $(obj)/librs.a $(rs_ldlibs) $(shell pkg-config --libs libmicrohttpd 2>/dev/null) -lgomp
serve_handlers := $(filter-out %/main.c %/http.c %/queue.c %/receive.c %/accept.c %/listen.c %/process.c %/watch.c,$(wildcard tools/rs-serve/*.c))
FUZZ_SECONDS ?= 300

.PHONY: kill-serve fuzz-serve race-serve soak-serve
kill-serve: $(harden)/model ## kill the server under load and count what is lost and what is there twice: [KILLS=200 SEED=1]
	@rm -rf $(harden)/journal
	@PATH="$(abspath $(bin)):$$PATH" tests/serve/kill.py $< $(harden)/journal $(or $(KILLS),200) $(SEED)

fuzz-serve: $(harden)/fuzz $(harden)/fuzz-journal $(harden)/model ## fuzz the server's handlers and journal: [FUZZ_SECONDS=300]
	@mkdir -p $(harden)/corpus $(harden)/corpus-journal
	@n=0; while IFS= read -r seed; do n=$$((n + 1)); printf '%b' "$$seed" >$(harden)/corpus/seed-$$n; done <tests/fuzz/serve.seeds
	@printf 'wab%%\0ac1\1ab-\2..' >$(harden)/corpus-journal/written
	@[ ! -e $(harden)/journal/00000001.rs ] || \
	    head -c 6016 $(harden)/journal/00000001.rs >$(harden)/corpus-journal/journal
	@RS_FUZZ_MODEL=$(harden)/model $(harden)/fuzz -dict=tests/fuzz/serve.dict -max_len=4096 -timeout=10 \
	    -max_total_time=$(FUZZ_SECONDS) $(harden)/corpus 2>&1 | tail -n 1
	@$(harden)/fuzz-journal -max_len=8192 -max_total_time=$(FUZZ_SECONDS) $(harden)/corpus-journal 2>&1 | tail -n 1

race-serve: $(harden)/rs-serve $(harden)/model ## look for races while the server is read, written to and given other models
	@PATH="$(abspath $(bin)):$$PATH" tests/serve/race.py $(harden)/rs-serve $(harden)/model

soak-serve: $(harden)/model build/simulate ## a day of simulated users as fast as they are answered, with memory over time: [SECONDS=120 SEED=1]
	@PATH="$(abspath $(bin)):$$PATH" tests/serve/soak.py build/simulate $< $(or $(SECONDS),120) $(SEED)

$(harden)/model: programs
	@mkdir -p $(@D)
	@rm -rf $@ $@.made
	@PATH="$(abspath $(bin)):$$PATH" tests/serve/model data/sample $@.made
	@mv $@.made $@

$(harden)/fuzz: tests/fuzz/serve.c $(serve_handlers) $(obj)/librs.a
	@mkdir -p $(@D)
	$(Q)$(clang_fuzz) $(rs_cppflags) -o $@ $(filter %.c,$^) $(harden_libs)
$(harden)/fuzz-journal: tests/fuzz/serve-journal.c tools/rs-serve/segment.c $(obj)/librs.a
	@mkdir -p $(@D)
	$(Q)$(clang_fuzz) $(rs_cppflags) -o $@ $(filter %.c,$^) $(harden_libs)

# The library is left as it is: what chooses kernels by the processor runs before the sanitizer does.
$(harden)/rs-serve: $(wildcard tools/rs-serve/*.c) $(obj)/librs.a
	@mkdir -p $(@D)
	$(Q)$(CC) -g -O1 -std=c11 -fopenmp $(rs_cppflags) -fsanitize=thread -o $@ $(filter %.c,$^) $(harden_libs)
