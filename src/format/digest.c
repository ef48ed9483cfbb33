/* SPDX-License-Identifier: MIT */
#include <sys/types.h>

#include <sha256.h>
#include <stdio.h>

#include "format/format.h"

void steady_text_id(const struct steady_text *text, char id[65])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)text->data, text->length);
	SHA256Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

int steady_model_id(const struct steady_model *model, char id[65])
{
	struct steady_text text = STEADY_TEXT_INIT;
	int err = steady_model_print(model, &text);

	if (!err)
		steady_text_id(&text, id);
	steady_text_free(&text);
	return err;
}
