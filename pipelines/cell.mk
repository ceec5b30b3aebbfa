# A cell is a folder with train.rs and test.rs: this makes everything a comparison needs of it.
#
#     train.rs -> matrix.rs -> NAME.predict, NAME.rank         the models' files
#                              scores/NAME.predict.rs          expected ratings of the test pairs
#                              scores/NAME.rank.rs             where they come among the user's candidates
#                              scores/NAME.top.rs              the best TOP items of every user, with LISTS=1
#     train.rs -> inner-I/     cells within the training data, in which models answer for pairs that they have not
#                              seen: what the blends learn from
#     inner-*/scores -> NAME.blend
#
# Called as `make -f pipelines/cell.mk CELL=DIR TARGET` with the programs on PATH.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

CELL  ?= .
SEED  ?= 1
INNER ?= 1# cells within the training data; more than one gains nothing that can be measured
INNER_FOLDS ?= 10# of which each leaves out one fold
DRAWN ?= 2000# candidates at most of each user from which a blend learns to rank
DRAWN_USERS ?= 1000
THREADS ?= 1
TOP ?= 10
LISTS ?=
RELEVANT ?=
LEARNED ?=# 1: the blends are there, and none is learned

matrix := $(CELL)/matrix.rs
# Parameters that were found for this cell, for the one around it, or are given.
include $(wildcard $(CELL)/tuned.mk $(CELL)/../tuned.mk) $(TUNED)
include $(dir $(firstword $(MAKEFILE_LIST)))models.mk

# A file that changes when the command in it does, and where a command's program lies (blanks escaped), which is looked up
# once: a process for every rule would cost more than many a rule's work.
same     = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
remember = $(if $(and $(wildcard $(1)),$(call same,$(strip $(file <$(1))),$(strip $(2)))),,$(shell mkdir -p $(dir $(1)))$(file >$(1),$(strip $(2))))$(1)
program  = $(if $(1),$(call found,$(firstword $(1))))
found    = $(if $(filter undefined,$(origin at.$(1))),$(eval at.$(1) := $(shell command -v $(1) | sed 's/ /\\ /g')))$(at.$(1))

$(matrix): $(CELL)/train.rs $(call program,rs-matrix)
	rs-matrix --times -q -t $(THREADS) $< -o $@

# The models' files

define model_file # NAME TASK
$(CELL)/$(1).$(2): $(matrix) $$(call remember,$(CELL)/how/$(1).$(2),$$(call command_of,$(1),$(2))) \
                   $$(call program,$(firstword $($(1).$(2))))
	$$(call command_of,$(1),$(2)) -q -t $(THREADS) -o $$@
endef
$(foreach m,$(from_file),$(foreach t,predict rank,$(if $($(m).$(t)),$(eval $(call model_file,$(m),$(t))))))

# Scores. `drawn` are those from which blends learn to rank.

# What only predicts ranks by that.
its_file = $(if $(filter $(plain),$(1)),,$(CELL)/$(1).$(if $($(1).$(2)),$(2),predict))
its_spec = $(1)$(addprefix =,$(its_file))
score := rs-score -q -t $(THREADS) --seed $(SEED) --matrix $(matrix)

define model_scores # NAME
$(CELL)/scores/$(1).predict.rs: $(CELL)/test.rs $(matrix) $(call its_file,$(1),predict) $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) --model $(call its_spec,$(1),predict) --pairs $$< -o $$@
$(CELL)/scores/$(1).rank.rs: $(CELL)/test.rs $(matrix) $(call its_file,$(1),rank) $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) --model $(call its_spec,$(1),rank) --pairs $$< --rank -o $$@
$(CELL)/scores/$(1).top.rs: $(matrix) $(call its_file,$(1),rank) $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) --model $(call its_spec,$(1),rank) --top $(TOP) -o $$@
$(CELL)/scores/$(1).drawn.rs: $(CELL)/test.rs $(matrix) $(call its_file,$(1),rank) $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) --model $(call its_spec,$(1),rank) --pairs $$< --rank --draw $(DRAWN) --draw-users $(DRAWN_USERS) -o $$@
endef
$(foreach m,$(plain) $(from_file),$(eval $(call model_scores,$(m))))

# Blends

inner := $(foreach i,$(shell seq $(INNER)),$(CELL)/inner-$(i))
parents_predict = $(foreach c,$(inner),$(foreach m,$($(1).predict.parents),$(c)/scores/$(m).predict.rs))
parents_rank    = $(foreach m,$($(1).rank.parents),$(CELL)/inner-1/scores/$(m).drawn.rs)
models_of       = $(foreach m,$($(1).$(2).parents),--model $(call its_spec,$(m),$(2)))
files_of        = $(foreach m,$($(1).$(2).parents),$(call its_file,$(m),$(2)))

define blend # NAME
ifeq ($(LEARNED),)
$(CELL)/$(1).blend: $(call parents_predict,$(1)) $(call parents_rank,$(1)) $$(call program,rs-blend)
	rs-blend -q $(RELEVANT:%=--relevant %) $(call parents_predict,$(1)) $(call parents_rank,$(1)) -o $$@
endif
$(foreach t,predict rank,
$(CELL)/scores/$(1).$(t).rs: $(CELL)/test.rs $(matrix) $(CELL)/$(1).blend $(call files_of,$(1),$(t)) \
                             $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) $(call models_of,$(1),$(t)) --blend $(CELL)/$(1).blend --name $(1) \
	    --pairs $$< $(if $(filter rank,$(t)),--rank) -o $$@
)
$(CELL)/scores/$(1).top.rs: $(matrix) $(CELL)/$(1).blend $(call files_of,$(1),rank) $$(call program,rs-score)
	@mkdir -p $$(@D)
	$(score) $(call models_of,$(1),rank) --blend $(CELL)/$(1).blend --name $(1) --top $(TOP) -o $$@
endef
$(foreach m,$(filter $(blends),$(MODELS)),$(eval $(call blend,$(m))))

# What the jobs ask for

.PHONY: inner
inner: $(foreach c,$(inner),$(c)/matrix.rs)
$(CELL)/inner-%/train.rs $(CELL)/inner-%/test.rs &: $(CELL)/train.rs
	@mkdir -p $(CELL)/inner-$*
	rs-split --folds $(INNER_FOLDS) --fold $* --seed $(SEED)$(SEED) $< \
	    --train $(CELL)/inner-$*/train.rs --test $(CELL)/inner-$*/test.rs
$(CELL)/inner-%/matrix.rs: $(CELL)/inner-%/train.rs
	rs-matrix --times -q -t $(THREADS) $< -o $@

# Every plain model that was asked for, or one from a file.
ranks = $(foreach k,rank $(if $(LISTS),top),$(CELL)/scores/$(1).$(k).rs)
scores-plain: $(foreach m,$(filter $(predicting),$(plain)),$(CELL)/scores/$(m).predict.rs) \
              $(foreach m,$(filter $(ranking),$(plain)),$(call ranks,$(m)))
$(foreach m,$(from_file) $(blends),$(eval scores-$(m): \
    $(if $(filter $(m),$(predicting)),$(CELL)/scores/$(m).predict.rs) \
    $(if $(filter $(m),$(ranking)),$(call ranks,$(m)))))

# The same in an inner cell, of what a blend needs. Ranking is learned in the first one only.
needed_predict := $(sort $(foreach b,$(filter $(blends),$(MODELS)),$($(b).predict.parents)))
needed_rank    := $(if $(filter inner-1,$(notdir $(CELL))),$(sort $(foreach b,$(filter $(blends),$(MODELS)),$($(b).rank.parents))))
learn-plain: $(foreach m,$(filter $(needed_predict),$(plain)),$(CELL)/scores/$(m).predict.rs) \
             $(foreach m,$(filter $(needed_rank),$(plain)),$(CELL)/scores/$(m).drawn.rs)
$(foreach m,$(from_file),$(eval learn-$(m): \
    $(if $(filter $(m),$(needed_predict)),$(CELL)/scores/$(m).predict.rs) \
    $(if $(filter $(m),$(needed_rank)),$(CELL)/scores/$(m).drawn.rs)))

# A model's files alone.
$(foreach m,$(from_file),$(eval files-$(m): $(foreach t,predict rank,$(if $($(m).$(t)),$(CELL)/$(m).$(t)))))

# The hybrid for use: a folder of everything that answers need, to which the symlink MODEL leads, and its lists for all
# users. The folder before stays, for who is about to open it; which that is, no clock decides.
MODEL ?= $(CELL)/model
READY ?= $(if $(CONTEXT_MODEL),0,100)# entries of the lists in the folder, from which users who rate nothing new are answered
CONTEXT_MODEL ?=# 1: with a context model, of times, users and columns of the ratings
in_context := $(if $(CONTEXT_MODEL),$(CELL)/context.rs)
neighbours_of := $(foreach m,$(filter user item,$(from_file)),$(if $($(m).rank),$(CELL)/$(m).rank))
.PHONY: model
model: $(CELL)/top.rs $(MODEL)
$(MODEL): $(matrix) $(CELL)/hybrid.blend $(call files_of,hybrid,rank) $(call files_of,hybrid,predict) $(neighbours_of) \
          $(in_context) $(call remember,$(CELL)/how/folder,$(in_context) $(READY)) $(call program,rs-model)
	@mkdir -p $(CELL)/models
	before=$$(readlink -f $@) && rs-model -q -t $(THREADS) --matrix $(matrix) --blend $(CELL)/hybrid.blend --name hybrid \
	    $(foreach t,predict rank,$(foreach m,$(hybrid.$(t).parents),--$(t) $(call its_spec,$(m),$(t)))) \
	    $(neighbours_of:%=--neighbours %) $(in_context:%=--context %) --lists $(READY) \
	    -o $(CELL)/models/$$(date -u +%Y%m%dT%H%M%S.%3NZ) --publish $@ && \
	for one in $(CELL)/models/*; do \
	    case $$(readlink -f $$one) in "$$before" | "$$(readlink -f $@)") ;; *) rm -r $$one ;; esac; done
$(CELL)/context.rs: $(matrix) $(call program,rs-context)
	rs-context -q -t $(THREADS) $< --ratings $(CELL)/train.rs -o $@
$(CELL)/top.rs: $(MODEL) $(call program,rs-score)
	rs-score -q -t $(THREADS) --model $< --top $(TOP) -o $@
