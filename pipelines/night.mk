# The models of one night, all of them twice: of all ratings, for use; and of four fifths, which have seen neither
# the tenth from which the hybrid's weights are learned nor the one by which nights are compared. Called by
# pipelines/nightly.
#
#   OUT/ratings.rs -> OUT/gate/           train.rs and test.rs, the tenth to compare by
#                     OUT/gate/inner-1/   of that train.rs again train.rs and test.rs, the tenth to learn from
#                     OUT/gate/hybrid.blend  the weights
#                     OUT/gate/model      the models of gate/inner-1 with these weights
#                     OUT/all/model       those of all ratings with the same
#
# With EARLIER=DIR, an earlier night, the weights are its, nothing is learned, and factors go on from its models: those
# of all ratings from those of all, those that have not seen some of them from those that have not either.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
Q   := @
bin := $(patsubst %/,%,$(dir $(shell command -v rs-split)))
.PHONY: night
night:

include pipelines/cv.mk

EARLIER ?=
GATE_FOLDS ?= 10
gate   := $(OUT)/gate
fitted := $(gate)/inner-1
all    := $(OUT)/all
blend  := hybrid.blend
settings_of = $(if $(EARLIER), FROM=$(call earlier,$(EARLIER)/$(if $(filter $(all),$(1)),all,gate)/model))
beside      = $(abspath $(TUNED)) $(if $(EARLIER),$(call gone_on_from,$(EARLIER)/all/model $(EARLIER)/gate/model))

.PHONY: fits models how
night: models

# How models are made, whichever programs, ratings and machines there are.
how:
	$(info $(filter-out THREADS=% TUNED=%,$(settings)))
	$(foreach t,predict rank,$(foreach m,$(from_file),$(info $(m).$(t) = $(call command_of,$(m),$(t)))))
	$(foreach t,predict rank,$(foreach b,$(blending),$(info $(b).$(t) = $($(b).$(t).parents))))
	@:

fits: JOBS_1 = $(call job,$(gate),inner)$(call job,$(all),$(all)/matrix.rs)
fits: JOBS_2 = $(call file_jobs,$(all))$(if $(EARLIER),$(call file_jobs,$(fitted)),$(call learn_jobs,$(gate)))
fits: JOBS_3 = $(if $(EARLIER),,$(call job,$(gate),$(gate)/$(blend)))
fits: $(gate)/train.rs $(all)/train.rs
	$(check_numbers)$(check_models)$(check_hybrid)$(Q)$(run_jobs)
	$(if $(EARLIER),$(Q)cp -p $(EARLIER)/gate/$(blend) $(gate))
	$(Q)cp -p $(gate)/$(blend) $(fitted) && cp -p $(gate)/$(blend) $(all)

# Hosts that do not share this folder have something of a night only while it lasts.
fits: forget =
models: forget = $(if $(REMOTE),$(OUT) $(EARLIER))
models: JOBS_1 = $(call job,$(fitted),$(gate)/model MODEL=$(gate)/model LEARNED=1 READY=0)$(call job,$(all),$(all)/model LEARNED=1)
models: JOBS_2 =
models: JOBS_3 =
models: fits
	$(Q)$(run_jobs)

$(gate)/train.rs $(gate)/test.rs &: $(OUT)/ratings.rs
	@mkdir -p $(@D)
	$(Q)rs-split --folds $(GATE_FOLDS) --fold 1 --seed $(SEED) $< --train $(gate)/train.rs --test $(gate)/test.rs
