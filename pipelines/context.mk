# What context adds (`make context`): the hybrid with and without, in a random split and in splits by
# time, where the past is to tell the future.
#
# RATINGS -> OUT/SPLIT/ (a comparison of one cell: see cv.mk) -> OUT/context.csv, OUT/dimensions.csv,
# OUT/context.txt. In these, a difference is with less without, low and high its 95 % interval over users,
# p of the paired test over them. Columns of users that have no header get their names by CLEAN, as in
# CLEAN='--user-columns id,age,town'. `make report` of the same RATINGS and OUT has a section of it.

CONTEXT ?=# columns and times to try, separated by commas; default: all there are
COLUMNS ?=# rs-clean --columns, where ratings have columns of context: user=…,item=…,mood=mood
ZONE    ?= UTC# whose clock counts; MovieLens has UTC
ZONE_OF ?=# a column of the users that tells whose clock that is, by names of zones or by PLACES
PLACES  ?=# what its values mean: 9=America/Los_Angeles 1=America/New_York …
CUTS    ?= 0.3 0.2 0.1# shares of the latest ratings that are the test of a split by time

comma := ,
context_splits  = random $(CUTS:%=after-%)
context_options = --timezone $(ZONE) $(ZONE_OF:%=--timezone-of %) $(PLACES:%=--place %) \
                  $(foreach d,$(subst $(comma), ,$(CONTEXT)),--dimension $(d))
split_of        = $(if $(filter random,$(1)),--folds 5 --fold 1,--after $(1:after-%=%))

.PHONY: context context-tables check-context gain-context
context: programs ## what context adds to the hybrid, at random and over time: RATINGS=FILE [USERS=FILE CONTEXT=hour,region COLUMNS=… ZONE=… CUTS="0.3 0.1" OUT=DIR]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))$(call check,RATINGS)
	$(Q)$(foreach s,$(context_splits),$(MAKE) -s --no-print-directory cv OUT=$(OUT)/$(s) \
	    SPLIT='$(call split_of,$(s))' CLEAN='$(CLEAN) $(if $(COLUMNS),--columns $(COLUMNS))' \
	    MODELS='$(MODELS)' > /dev/null && PATH="$(abspath $(bin)):$$PATH" \
	    pipelines/context $(OUT)/$(s)/fold-1 $(s) $(if $(RELEVANT),$(RELEVANT),-) $(context_options) && ) true
	$(Q)$(MAKE) -s --no-print-directory context-tables

joined = { head -n 1 $(OUT)/random/fold-1/$(1); tail -q -n +2 $(context_splits:%=$(OUT)/%/fold-1/$(1)); }
context-tables:
	$(Q)$(call joined,context.csv) > $(OUT)/context.csv.part && mv $(OUT)/context.csv.part $(OUT)/context.csv
	$(Q)$(call joined,dimensions.csv) > $(OUT)/dimensions.csv.part && mv $(OUT)/dimensions.csv.part $(OUT)/dimensions.csv
	$(Q)pipelines/context-table $(OUT)/context.csv $(OUT)/dimensions.csv > $(OUT)/context.txt.part && \
	    mv $(OUT)/context.txt.part $(OUT)/context.txt
	$(Q)cat $(OUT)/context.txt

SEEDS ?= 40
check-context: programs ## hold rs-context to planted truth over 40 sets, 3 minutes of a processor: [SEEDS=N OUT=DIR]
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/context-check 1 $(SEEDS) $(OUT)

SETS ?= 24
gain-context: programs ## hold what rs-context gains to what an oracle of planted truth gains, 3 minutes of a processor: [SETS=N OUT=DIR]
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/context-gain 1 $(SETS) $(OUT)
