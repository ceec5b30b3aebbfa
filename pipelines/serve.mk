# Recommendations over HTTP: a server to play with, users who play with it, and how fast it is.
#
# OUT/model (make model, make run) -> a server on this machine alone

serve_out   = $(if $(filter command environment,$(firstword $(origin OUT))),$(OUT),out/run)
serve_bench = $(if $(filter command environment,$(firstword $(origin OUT))),$(OUT),build/bench-serve)
SERVE_PACKAGES := wrk nginx-light

.PHONY: demo simulate bench-serve
demo: programs ## serve the model of `make run` and say how to ask it: [OUT=DIR PORT=8087]
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES)
	@PATH="$(abspath $(bin)):$$PATH" pipelines/serve/demo $(serve_out) $(or $(PORT),8087)

simulate: programs build/simulate ## let simulated users read and rate: [OUT=DIR SESSIONS=2000 SECONDS=30 CONNECTIONS=32 RATE=0 SEED=1]
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES)
	@PATH="$(abspath $(bin)):$$PATH" pipelines/serve/simulate $(serve_out) build/simulate \
	    --sessions $(or $(SESSIONS),2000) --seconds $(or $(SECONDS),30) --connections $(or $(CONNECTIONS),32) \
	    --rate $(or $(RATE),0) --seed $(SEED)

build/simulate: pipelines/serve/simulate.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -o $@ $< $$(pkg-config --cflags --libs jansson) -lpthread -lm

bench-serve: programs build/simulate ## time the server beside nginx and the disk: [SHAPE=ml-1m BIG=ml-25m SECONDS=10 OUT=DIR]
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES) $(SERVE_PACKAGES)
	@PATH="$(abspath $(bin)):$$PATH:/usr/sbin" SHAPE="$(or $(SHAPE),ml-1m)" BIG="$(or $(BIG),ml-25m)" \
	    pipelines/serve/bench $(serve_bench) build/simulate $(or $(SECONDS),10)
