# The models of one night: on all ratings, and on nine tenths of them for the gate. Called by pipelines/nightly.
#
# OUT/ratings.rs -> OUT/all/ -> OUT/all/model
#                   OUT/gate/ (train.rs, test.rs) -> OUT/gate/model
#
# With LEARNED=NIGHT, hybrids keep the weights that they have in that night's folder.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
Q   := @
bin := $(patsubst %/,%,$(dir $(shell command -v rs-split)))
.PHONY: night
night:

include pipelines/cv.mk

GATE_FOLDS ?= 10
night_cells := $(OUT)/gate $(OUT)/all
night_models = $(foreach c,$(night_cells),$(call job,$(c),$(c)/model))

night: export JOBS_1 = $(call cell_jobs,$(night_cells))
night: export JOBS_2 = $(call file_jobs,$(night_cells))$(call learn_jobs,$(night_cells))
night: export JOBS_3 = $(night_models)
night: $(OUT)/gate/train.rs $(OUT)/all/train.rs
	$(Q)$(run_jobs)

$(OUT)/gate/train.rs $(OUT)/gate/test.rs &: $(OUT)/ratings.rs
	@mkdir -p $(@D)
	$(Q)rs-split --folds $(GATE_FOLDS) --fold 1 --seed $(SEED) $< \
	    --train $(OUT)/gate/train.rs --test $(OUT)/gate/test.rs
