# What a user gives to make: named so that make and the shell take it for what it is, and looked at before anything is
# made of it, so that a slip of the pen ends in a line that names it.

# A word for the shell, whatever is in it; its files as words for the shell and as prerequisites. The name of a single
# file may have blanks, those of several may not. Prerequisites are for a second expansion, where `:` means nothing.
quoted   = '$(subst ','\'',$(1))'
one_file = $(and $(word 2,$(1)),$(shell [ -e $(call quoted,$(1)) ] && echo yes))
in_shell = $(if $(call one_file,$(1)),$(call quoted,$(1)),$(foreach f,$(1),$(foreach g,$(or $(wildcard $(f)),$(f)),$(call quoted,$(g)))))
in_make  = $(if $(call one_file,$(1)),$(subst $(blank),\ ,$(1)),$(1))
blank   := $() $()

# OUT is in the names of targets, which make and the shell take apart at these.
apart := ' " ` & ; | < > ( ) [ ] { } * ? % : = \ \#
$(if $(OUT),,$(error OUT is empty: which folder?))
$(if $(word 2,$(OUT))$(strip $(foreach c,$(apart),$(findstring $(c),$(OUT)))),$(error OUT=$(OUT): a folder without blanks and $(apart) in its path is needed))

# For recipes: $(call check,V…), where the variables V, of which none may be empty, name files.
check = $(foreach v,$(1) USERS ITEMS,$(call refuse,$(call unreadable,$($(v))),$(v)))$(call refuse,$(unwritable),OUT)$(check_numbers)$(check_models)
refuse = $(if $(1),$(error $(2)=$($(2)): $(1)))
unreadable = $(shell for f in $(call in_shell,$(1)); do [ -e "$$f" ] || { echo "there is no $$f"; break; }; [ -r "$$f" ] || { echo "$$f may not be read"; break; }; done)
unwritable = $(shell mkdir -p $(OUT) 2>&1 && { [ -w $(OUT) ] || echo 'may not be written to'; })

# Whole numbers and the least that each may be.
numbers = SEED:0 JOBS:0 THREADS:0 INNER:1 $(if $(TRAIN)$(SPLIT),,FOLDS:2)
check_numbers = $(foreach n,$(numbers),$(call check_number,$(subst :, ,$(n))))
check_number = $(call refuse,$(shell [[ $(call quoted,$($(word 1,$(1)))) =~ ^[0-9]{1,15}$$ ]] && [ $($(word 1,$(1))) -ge $(word 2,$(1)) ] || echo 'no whole number from $(word 2,$(1))'),$(word 1,$(1)))

# For what is published.
check_hybrid = $(if $(filter hybrid,$(MODELS)),,$(error MODELS=$(MODELS): hybrid is not among them, which is what is made for use))

# Models that nobody knows how to make, and blends whose parents are not among the models.
known_models = $(plain) $(sort $(foreach t,predict rank,$(patsubst %.$(t),%,$(filter %.$(t),$(.VARIABLES))))) $(blends)
check_models = $(if $(MODELS),,$(error MODELS is empty: which of $(known_models)?))$(call check_known,MODELS)$(foreach b,$(blending),$(call refuse,$(call blend_lacks,$(b)),MODELS))
check_known  = $(call refuse,$(patsubst %,there is no model %; there are $(known_models),$(firstword $(filter-out $(known_models),$($(1))))),$(1))
blend_lacks  = $(if $($(1).rank.parents),$(patsubst %,$(1) is made of % as well,$(firstword $(filter-out $(plain) $(from_file),$($(1).predict.parents) $($(1).rank.parents)))),$(1) needs a model beside it that ranks)
