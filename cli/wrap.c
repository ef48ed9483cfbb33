/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli.h"

#define LINE 96

static size_t column_of(const struct steady_text *out)
{
	size_t column = 0;

	while (column < out->length && out->data[out->length - 1 - column] != '\n')
		column++;
	return column;
}

void cli_put_word(struct steady_text *out, size_t indent, const char *word, size_t length)
{
	size_t column = column_of(out);

	if (column > indent && column + 1 + length > LINE) {
		steady_text_char(out, '\n');
		column = 0;
	}
	if (column >= indent && column && out->data[out->length - 1] != ' ')
		steady_text_char(out, ' ');
	for (; column < indent; column++)
		steady_text_char(out, ' ');
	steady_text_add(out, word, length);
}

void cli_put_wrapped(struct steady_text *out, size_t indent, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, " ");

		if (length)
			cli_put_word(out, indent, words, length);
		words += length + (words[length] == ' ');
	}
}

void cli_put_quoted(struct steady_text *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_";

	if (*word && word[strspn(word, plain)] == '\0') {
		steady_text_str(out, word);
		return;
	}
	steady_text_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			steady_text_str(out, "'\\''");
		else
			steady_text_char(out, *word);
	}
	steady_text_char(out, '\'');
}
