# How fast the programs are: against scikit-learn and scipy on the same data, and against what the machine
# can do at most.
#
# OUT/roofline.txt, OUT/SHAPE.csv -> OUT/bench.csv -> OUT/bench.md, OUT/bench.png

bench_out  = $(if $(filter command environment,$(firstword $(origin OUT))),$(OUT),build/bench)
bench_sizes       := 1M,5M,10M,25M
bench_quick_sizes := 100k,1M
BENCH_PYTHON   ?= /usr/bin/python3
BENCH_PACKAGES := python3-scipy python3-sklearn python3-msgpack gnuplot-nox

bench_run = PATH="$(abspath $(bin)):$$PATH" OPENBLAS_NUM_THREADS=1 $(BENCH_PYTHON) \
            pipelines/bench/measure.py --out $(bench_out) $(if $(WORKS),--works $(WORKS)) \
            $(if $(BENCH_THREADS),--threads $(BENCH_THREADS))

define bench_report
	$(Q)$(BENCH_PYTHON) pipelines/bench/report.py $(bench_out)
	$(Q)gnuplot -c pipelines/bench/plot.gp $(bench_out)
	@echo "$(bench_out)/bench.csv, bench.md, bench.png"
endef

.PHONY: bench bench-quick bench-ready
bench: bench-ready ## time rs beside scikit-learn and scipy: [SHAPES=1M,5M,10M,25M RUNS=5 WORKS=read,items,… OUT=DIR]
	$(Q)$(bench_run) --shapes $(or $(SHAPES),$(bench_sizes)) --runs $(or $(RUNS),5) --work-max 1e9
	$(bench_report)

bench-quick: bench-ready ## the same in two minutes, small sizes only
	$(Q)$(bench_run) --shapes $(or $(SHAPES),$(bench_quick_sizes)) --runs $(or $(RUNS),3) --work-max 1e8
	$(bench_report)

bench-ready: programs
	@pipelines/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	@mkdir -p $(bench_out)
	$(Q)$(CC) -O3 -std=c11 -D_GNU_SOURCE -fopenmp -o $(bench_out)/roofline pipelines/bench/roofline.c \
	 $$(pkg-config --libs openblas)
	$(Q)$(CC) -O2 -std=c11 -D_GNU_SOURCE -o $(bench_out)/timed pipelines/bench/timed.c
	$(Q)$(bench_out)/roofline $(BENCH_THREADS) > $(bench_out)/roofline.tmp
	$(Q)mv $(bench_out)/roofline.tmp $(bench_out)/roofline.txt
