/* SPDX-License-Identifier: MIT */
/* What only the command asks of a model's JSON. */
#ifndef STEADY_MODEL_JSON_H
#define STEADY_MODEL_JSON_H

#include <jansson.h>

#include "format/format.h"

/* With what was told when it was made: a list of findings, taken over. Readers pass over it. */
int steady_model_print_told(const struct steady_model *model, json_t *notes,
			    struct steady_text *out);

#endif
