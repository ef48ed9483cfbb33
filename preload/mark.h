/* SPDX-License-Identifier: MIT */
/*
 * How `steadyarm run` knows its libraries among all shared objects: an ELF note, which stripping keeps.
 * The loader would preload any other without a word.
 */
#ifndef STEADY_MARK_H
#define STEADY_MARK_H

#define MARK_OWNER "Steadyarm"
#define MARK_TYPE  1
#define MARK_PIN   "pin"
#define MARK_SIM   "sim"

/* gabi, "Note Section": sizes of name and description, type, and both padded to four bytes */
#define MARK(what)                                                                                 \
	__asm__(".pushsection .note.steadyarm, \"a\", %note\n"                                     \
		"	.balign 4\n"                                                               \
		"	.long 2f - 1f, 4f - 3f, 1\n"                                               \
		"1:	.asciz \"" MARK_OWNER "\"\n"                                               \
		"2:	.balign 4\n"                                                               \
		"3:	.asciz \"" what "\"\n"                                                     \
		"4:	.balign 4\n"                                                               \
		"	.popsection\n")

#endif
