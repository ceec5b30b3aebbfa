# Comparisons of the models: k-fold cross-validation (`make cv`), or a given split (`make holdout`).
#
# OUT/ratings.rs -> OUT/fold-I/ (a cell: see cell.mk) -> OUT/metrics.csv, OUT/summary.txt
#
# What is made in a cell is for make to know; pipelines/jobs runs the jobs, stage after stage: cells, then models in
# cells, then blends, here or (EXEC=ssh HOSTS=FILE, EXEC=slurm) on other machines. OUT/jobs.log says what ran, when,
# how long, how it ended.
#
# `make model CONTEXT_MODEL=1` also looks for context in times, users and columns of the ratings (rs-context) and puts
# what it finds into the folder: rs-serve then answers for the hour, the place … of a request. Whether there is
# anything to gain from it, `make context` says beforehand. Without it the folder holds the best READY items of every
# user, 100 unless told otherwise, from which rs-serve answers while a user's ratings stay (rs-model --lists).

FOLDS ?= 5
SEED  ?= 1
OUT   ?= out/cv
EXEC  ?= local# where jobs run: local, ssh, slurm; see pipelines/jobs
HOSTS ?=# for ssh: a file with a host a line, as N/HOST for N jobs at once
REMOTE ?=# for ssh: the folder on every host where files are sent to, if this one is not shared
SBATCH ?=# for slurm: further options of sbatch
JOBS  ?= 0# at once, on each host; 0: one a processor
THREADS ?= $(if $(filter local,$(EXEC)),$(shell n=$$(( $(JOBS) > 0 ? $$(nproc) / $(JOBS) : 1 )); echo $$(( n > 0 ? n : 1 ))),1)
RATINGS ?=
USERS ?=
ITEMS ?=
DEDUPE ?= last# rs-clean: which of several ratings of a pair counts
CLEAN ?=# further options of rs-clean
SPLIT ?=# instead of folds, another way of rs-split, for one cell: --after 0.2, --last 1 …
RELEVANT ?=
TUNED ?=# a file that make tune left
CONTEXT_MODEL ?=# 1: a context model in the folder of `make model`
LISTS ?=# 1: also the lists of every model, whose coverage, diversity … the report judges
QUICK ?=# 1: what takes longest takes a third (models.mk)

include $(TUNED) pipelines/models.mk pipelines/given.mk

cells = $(if $(TRAIN)$(SPLIT),$(OUT)/fold-1,$(foreach i,$(shell seq $(FOLDS) 2>/dev/null),$(OUT)/fold-$(i)))
INNER ?= 1
in_cell = $(MAKE) -s -f pipelines/cell.mk CELL=
settings = SEED=$(SEED) THREADS=$(THREADS) INNER=$(INNER) $(if $(RELEVANT),RELEVANT=$(RELEVANT)) $(if $(TUNED),TUNED=$(abspath $(TUNED))) $(if $(FROM),FROM=$(call earlier,$(FROM))) $(LISTS:%=LISTS=%) $(CONTEXT_MODEL:%=CONTEXT_MODEL=%) $(READY:%=READY=%) $(QUICK:%=QUICK=%) 'MODELS=$(MODELS)'
settings_of =# further ones of a cell
# What jobs read beside their cells, which hosts that do not share this folder are sent: of model folders $(1) that are
# gone on from, the files that commands name.
beside       = $(abspath $(TUNED)) $(call gone_on_from,$(FROM))
gone_on_from = $(wildcard $(foreach FROM,$(call earlier,$(1)),$(sort $(foreach m,$(from_file),$(foreach t,predict rank,$(filter $(FROM)/%,$(call command_of,$(m),$(t))))))))
forget       =# folders that such hosts have no use for when all is done
earlier      = $(foreach d,$(1),$(or $(realpath $(d)),$(abspath $(d))))
blending = $(filter $(blends),$(MODELS))
groups   = $(if $(filter $(plain),$(MODELS))$(blending),plain) $(from_file)

# Job lists, a command a line, for a list of cells: their matrices and inner cells; what blends learn from;
# scores of models; scores of blends.
define lines
$(1)

endef
job = $(call lines,$(in_cell)$(1) $(2) $(settings)$(call settings_of,$(1)))
cell_jobs  = $(foreach c,$(1),$(call job,$(c),$(c)/matrix.rs $(if $(blending)$(filter tune search,$(MAKECMDGOALS)),inner)))
learn_jobs = $(if $(blending),$(foreach c,$(1),$(foreach i,$(shell seq $(INNER)),$(foreach g,$(groups),$(call job,$(c)/inner-$(i),learn-$(g))))))
score_jobs = $(foreach c,$(1),$(foreach g,$(groups),$(call job,$(c),scores-$(g))))
blend_jobs = $(foreach c,$(1),$(foreach b,$(blending),$(call job,$(c),scores-$(b))))
file_jobs  = $(foreach c,$(1),$(foreach m,$(from_file),$(call job,$(c),files-$(m))))

# Three stages: what is in JOBS_1, then JOBS_2, then JOBS_3. By a file: a command and a variable of the environment have
# room for some hundred jobs.
define stages
$(JOBS_1)
--
$(JOBS_2)
--
$(JOBS_3)
--
endef
run_jobs = $(file >$(OUT)/.jobs,$(stages))export PATH="$(abspath $(bin)):$$PATH" EXEC='$(EXEC)' HOSTS='$(HOSTS)' REMOTE='$(REMOTE)' \
           SBATCH='$(SBATCH)' THREADS='$(THREADS)' BESIDE='$(beside)' FORGET='$(forget)' BIN='$(bin)'; \
           sed 's/^ *//; /^$$/d' $(OUT)/.jobs | pipelines/jobs $(JOBS) $(OUT)/jobs.log $@

scores = $(foreach c,$(cells),$(foreach m,$(filter $(predicting),$(MODELS)),$(c)/scores/$(m).predict.rs) \
                              $(foreach m,$(filter $(ranking),$(MODELS)),$(c)/scores/$(m).rank.rs))

compare: private JOBS_1 = $(call cell_jobs,$(cells))
compare: private JOBS_2 = $(call score_jobs,$(cells))$(call learn_jobs,$(cells))
compare: private JOBS_3 = $(call blend_jobs,$(cells))
learn: private JOBS_1 = $(call cell_jobs,$(OUT)/all)
learn: private JOBS_2 = $(call file_jobs,$(OUT)/all)$(call learn_jobs,$(OUT)/all)
learn: private JOBS_3 = $(call job,$(OUT)/all,model)

.PHONY: cv holdout compare model learn reference
model: programs ## make the hybrid on all ratings: its lists, and OUT/model for rs-serve: RATINGS=FILE [OUT=DIR TOP=10 READY=100 CONTEXT_MODEL=1 …]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))$(call check,RATINGS)$(check_hybrid)
	$(Q)$(MAKE) -s --no-print-directory learn
learn: $(OUT)/all/train.rs
	$(Q)$(run_jobs)
	$(Q)[ "$$(readlink $(OUT)/model)" = all/model ] || ln -sfn all/model $(OUT)/model

reference: programs ## hold the neighbour models against an independent implementation, on five folds
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/reference

cv: programs ## compare the models by cross-validation: RATINGS=FILE [FOLDS=5 SEED=1 OUT=DIR JOBS=N MODELS="…"]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))$(call check,RATINGS)
	$(Q)$(MAKE) -s --no-print-directory compare

holdout: programs ## compare the models on a given split: TRAIN=FILE TEST=FILE [OUT=DIR …]
	$(if $(and $(TRAIN),$(TEST)),,$(error TRAIN=FILE and TEST=FILE are needed))$(call check,TRAIN TEST)
	$(Q)$(MAKE) -s --no-print-directory compare

compare: $(foreach c,$(cells),$(c)/train.rs $(c)/test.rs)
	$(Q)$(run_jobs)
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/compare $(OUT) $(if $(RELEVANT),$(RELEVANT),-) $(scores)

# The ratings, and their folds. Prerequisites are expanded late, so that nothing is written for a goal that needs no ratings.

.SECONDEXPANSION:
clean_options = $(if $(USERS),--users $(call quoted,$(USERS))) $(if $(ITEMS),--items $(call quoted,$(ITEMS))) --dedupe $(DEDUPE) $(CLEAN)
remember = $(shell mkdir -p $(dir $(1)) 2>/dev/null && { echo $(call quoted,$(2)) | cmp -s - $(1) || echo $(call quoted,$(2)) > $(1); })$(1)

ifneq ($(RATINGS),)
$(OUT)/ratings.rs: $$(foreach v,RATINGS USERS ITEMS,$$(call in_make,$$($$v))) \
                   $$(call remember,$(OUT)/how.clean,$$(RATINGS) $$(clean_options)) $(bin)/rs-clean
	$(Q)$(bin)/rs-clean $(clean_options) -o $@ -- $(call in_shell,$(RATINGS))
endif

$(OUT)/all/train.rs: $(OUT)/ratings.rs
	@mkdir -p $(@D)
	$(Q)ln -f $< $@

ifneq ($(TRAIN),)
$(OUT)/fold-1/train.rs: $$(foreach v,TRAIN USERS ITEMS,$$(call in_make,$$($$v))) \
                        $$(call remember,$(OUT)/how.clean,$$(TRAIN) $$(clean_options)) $(bin)/rs-clean
	@mkdir -p $(@D)
	$(Q)$(bin)/rs-clean $(clean_options) -o $@ -- $(call in_shell,$(TRAIN))
$(OUT)/fold-1/test.rs: $$(call in_make,$$(TEST)) $(OUT)/fold-1/train.rs
	$(Q)$(bin)/rs-clean --dedupe $(DEDUPE) $(CLEAN) -o $@ -- $(call in_shell,$(TEST))
else
$(OUT)/fold-%/train.rs $(OUT)/fold-%/test.rs &: $(OUT)/ratings.rs $$(call remember,$(OUT)/how.split,$(FOLDS) $(SEED) $(SPLIT))
	@mkdir -p $(@D)
	$(Q)$(bin)/rs-split $(if $(SPLIT),$(SPLIT),--folds $(FOLDS) --fold $*) --seed $(SEED) $< \
	    --train $(OUT)/fold-$*/train.rs --test $(OUT)/fold-$*/test.rs
endif
