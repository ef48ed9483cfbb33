/* SPDX-License-Identifier: MIT */
/*
 * A model that is read from JSON or text is printed as both, and reads back from both as what it
 * was: equal bytes, and one text whichever way it came.
 */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "fuzz.h"

static void as_text(const struct steady_model *model, struct steady_text *out)
{
	struct steady_text again = STEADY_TEXT_INIT;
	struct steady_model *read;

	CHECK(steady_model_print(model, out) == 0);
	CHECK(steady_sniff(out->data, out->length) == STEADY_KIND_MODEL_TEXT);
	CHECK(steady_model_parse(out->data, out->length, &read, NULL) == 0);
	CHECK(steady_model_print(read, &again) == 0);
	CHECK(strcmp(out->data, again.data) == 0);
	steady_text_free(&again);
	steady_model_free(read);
}

static void check_model(struct steady_model *model)
{
	struct steady_text text = STEADY_TEXT_INIT, other = STEADY_TEXT_INIT;
	struct steady_text json = STEADY_TEXT_INIT, again = STEADY_TEXT_INIT;
	struct steady_model *read;

	as_text(model, &text);
	CHECK(steady_model_print_json(model, &json) == 0);
	CHECK(steady_sniff(json.data, json.length) == STEADY_KIND_MODEL_JSON);
	CHECK(steady_model_read_json(json.data, json.length, "f", &read, NULL) == 0);
	CHECK(steady_model_print_json(read, &again) == 0);
	CHECK(strcmp(json.data, again.data) == 0);
	as_text(read, &other);
	CHECK(strcmp(text.data, other.data) == 0);
	if (model->offer)
		CHECK(read->offer && steady_offer_equal(model->offer, read->offer));
	steady_model_free(read);
	steady_model_free(model);
	steady_text_free(&text);
	steady_text_free(&other);
	steady_text_free(&json);
	steady_text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct steady_report *report = NULL;
	struct steady_model *model;
	int err;

	CHECK(steady_report_new(&report) == 0);
	err = steady_model_read_text(text, size, "f", &model, report);
	check_report(err, report);
	if (!err)
		check_model(model);
	CHECK(steady_report_new(&report) == 0);
	err = steady_model_read_json(text, size, "f", &model, report);
	check_report(err, report);
	if (!err)
		check_model(model);
	return 0;
}
