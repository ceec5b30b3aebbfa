# The models that a comparison runs, and how each is made from a matrix.
#
# NAME.predict and NAME.rank are commands that read the cell's matrix ($(matrix)) and write the file $@ with
# which the model predicts ratings and ranks; a model without one does not do that. Those that need
# no file are in `plain`; those that combine others in `blends`. All can be set on make's command line.

plain  := random popular global-mean user-mean item-mean baseline
blends := user-item hybrid

MODELS ?= $(plain) user item mf svd++ gibbs ease ials $(blends)

user.predict ?= rs-sim $(matrix) --side user --metric pearson-baseline --neighbours 300
user.rank    ?= rs-sim $(matrix) --side user --metric cosine --over full --neighbours 50
item.predict ?= rs-sim $(matrix) --side item --metric pearson-baseline --neighbours 300
item.rank    ?= rs-sim $(matrix) --side item --metric cosine --over full --neighbours 50

gibbs.predict ?= rs-factor $(matrix) --method gibbs $(if $(LEARNED),--sweeps 100)# half, between nights that learn anew
svd++.predict ?= rs-factor $(matrix) --method svd++
mf.predict   ?= rs-factor $(matrix) --method mf
ease.rank    ?= rs-factor $(matrix) --method ease
ials.rank    ?= rs-factor $(matrix) --method ials

# What a blend is made of. The hybrid takes everything that knows something.
user-item.predict.parents := baseline user item
user-item.rank.parents    := user item

known := $(filter-out $(blends),$(MODELS))
hybrid.predict.parents = $(sort baseline $(filter-out random popular global-mean,$(filter $(predicting),$(known))))
hybrid.rank.parents    = $(sort $(filter-out random global-mean user-mean item-mean baseline,$(filter $(ranking),$(known))))

# Which of the models do what.
from_file  := $(filter-out $(plain) $(blends),$(MODELS))
predicting := $(filter-out popular,$(filter $(plain),$(MODELS))) \
              $(foreach m,$(from_file),$(if $($(m).predict),$(m))) $(filter $(blends),$(MODELS))
ranking    := $(filter $(plain),$(MODELS)) \
              $(foreach m,$(from_file),$(if $($(m).rank),$(m))) $(filter $(blends),$(MODELS))
