# Comparisons of the models: k-fold cross-validation (`make cv`), or a given split (`make holdout`).
#
# OUT/ratings.rs -> OUT/fold-I/ (a cell: see cell.mk) -> OUT/metrics.csv, OUT/summary.txt
#
# What is made in a cell is for make to know; GNU parallel runs the jobs, stage after stage: cells,
# then models in cells, then blends. OUT/jobs.log says what ran, when, how long, how it ended.

FOLDS ?= 5
SEED  ?= 1
OUT   ?= out/cv
JOBS  ?= $(shell nproc)
THREADS ?= $(shell n=$$(( $$(nproc) / $(JOBS) )); echo $$(( n > 0 ? n : 1 )))
RATINGS ?=
USERS ?=
ITEMS ?=
CLEAN ?=# further options of rs-clean
SPLIT ?=# instead of folds, another way of rs-split, for one cell: --after 0.2, --last 1 …
RELEVANT ?=

include pipelines/models.mk

cells = $(if $(TRAIN)$(SPLIT),$(OUT)/fold-1,$(foreach i,$(shell seq $(FOLDS)),$(OUT)/fold-$(i)))
inner_cells = $(foreach c,$(cells),$(foreach i,$(shell seq $(INNER)),$(c)/inner-$(i)))
INNER ?= 1
in_cell = $(MAKE) -s -f pipelines/cell.mk CELL=
settings = SEED=$(SEED) THREADS=$(THREADS) INNER=$(INNER) $(if $(RELEVANT),RELEVANT=$(RELEVANT)) 'MODELS=$(MODELS)'
blending = $(filter $(blends),$(MODELS))
groups   = $(if $(filter $(plain),$(MODELS)),plain) $(from_file)

# Job lists, a command a line.
define lines
$(1)

endef
job = $(call lines,$(in_cell)$(1) $(2) $(settings))
cell_jobs  = $(foreach c,$(cells),$(call job,$(c),$(c)/matrix.rs $(if $(blending),inner)))
model_jobs = $(foreach c,$(cells),$(foreach g,$(groups),$(call job,$(c),scores-$(g)))) \
             $(if $(blending),$(foreach c,$(inner_cells),$(foreach g,$(groups),$(call job,$(c),learn-$(g)))))
blend_jobs = $(foreach c,$(cells),$(foreach b,$(blending),$(call job,$(c),scores-$(b))))
run_jobs   = printf '%s' "$$$(1)" | sed 's/^ *//; /^$$/d' | pipelines/jobs $(JOBS) $(OUT)/jobs.log $@

scores = $(foreach c,$(cells),$(foreach m,$(filter $(predicting),$(MODELS)),$(c)/scores/$(m).predict.rs) \
                              $(foreach m,$(filter $(ranking),$(MODELS)),$(c)/scores/$(m).rank.rs))

export CELL_JOBS MODEL_JOBS BLEND_JOBS
compare: export CELL_JOBS = $(cell_jobs)
compare: export MODEL_JOBS = $(model_jobs)
compare: export BLEND_JOBS = $(blend_jobs)

.PHONY: cv holdout compare model reference
model: programs ## make the hybrid on all ratings and its lists: RATINGS=FILE [OUT=DIR TOP=10 …]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))
	$(Q)$(MAKE) -s --no-print-directory $(OUT)/all/train.rs
	$(Q)PATH="$(abspath $(bin)):$$PATH" $(in_cell)$(OUT)/all inner $(settings)
	$(Q)PATH="$(abspath $(bin)):$$PATH" $(in_cell)$(OUT)/all model $(settings)

reference: programs ## hold the neighbour models against an independent implementation, on five folds
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/reference

cv: programs ## compare the models by cross-validation: RATINGS=FILE [FOLDS=5 SEED=1 OUT=DIR JOBS=N MODELS="…"]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))
	$(Q)$(MAKE) -s --no-print-directory $(foreach c,$(cells),$(c)/train.rs) compare

holdout: programs ## compare the models on a given split: TRAIN=FILE TEST=FILE [OUT=DIR …]
	$(if $(and $(TRAIN),$(TEST)),,$(error TRAIN=FILE and TEST=FILE are needed))
	$(Q)$(MAKE) -s --no-print-directory $(OUT)/fold-1/train.rs $(OUT)/fold-1/test.rs compare

compare:
	$(Q)PATH="$(abspath $(bin)):$$PATH"; export PATH; \
	$(call run_jobs,CELL_JOBS) && $(call run_jobs,MODEL_JOBS) && $(call run_jobs,BLEND_JOBS)
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/compare $(OUT) $(if $(RELEVANT),$(RELEVANT),-) $(scores)

# The ratings, and their folds

clean_options = $(USERS:%=--users '%') $(ITEMS:%=--items '%') $(CLEAN)
remember = $(shell mkdir -p $(dir $(1)) && { echo "$(2)" | cmp -s - $(1) || echo "$(2)" > $(1); })$(1)

ifneq ($(RATINGS),)
$(OUT)/ratings.rs: $(RATINGS) $(USERS) $(ITEMS) $(call remember,$(OUT)/how.clean,$(RATINGS) $(clean_options)) $(bin)/rs-clean
	$(Q)$(bin)/rs-clean $(clean_options) $(RATINGS) -o $@
endif

$(OUT)/all/train.rs: $(OUT)/ratings.rs
	@mkdir -p $(@D)
	$(Q)ln -f $< $@

ifneq ($(TRAIN),)
$(OUT)/fold-1/train.rs: $(TRAIN) $(call remember,$(OUT)/how.clean,$(TRAIN) $(clean_options)) $(bin)/rs-clean
	@mkdir -p $(@D)
	$(Q)$(bin)/rs-clean $(clean_options) $(TRAIN) -o $@
$(OUT)/fold-1/test.rs: $(TEST) $(OUT)/fold-1/train.rs
	$(Q)$(bin)/rs-clean $(CLEAN) $(TEST) -o $@
else
$(OUT)/fold-%/train.rs $(OUT)/fold-%/test.rs &: $(OUT)/ratings.rs $(call remember,$(OUT)/how.split,$(FOLDS) $(SEED) $(SPLIT))
	@mkdir -p $(@D)
	$(Q)$(bin)/rs-split $(if $(SPLIT),$(SPLIT),--folds $(FOLDS) --fold $*) --seed $(SEED) $< \
	    --train $(OUT)/fold-$*/train.rs --test $(OUT)/fold-$*/test.rs
endif
